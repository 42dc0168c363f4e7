"""The only room that caches, a file a subject. Keys carry a file's time of change; every cache is bounded.

What depends on a process or on the clock (a run's state) is never cached.
"""
