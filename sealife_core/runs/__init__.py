"""Runs on disk, and the queue that starts them. Needs neither torch nor pandas: importing it is instant."""
