"""Runs on disk, and the queue that starts them. Imports neither torch nor pandas, so that it loads at once."""
