"""The queue: who waits, who starts next, and the processes that are started."""
