"""The queue: which runs wait, which starts next, and the processes that are started."""
