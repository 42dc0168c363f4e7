"""Many pictures under a model: a job in a process of its own, its rows, their table, and what people corrected."""
