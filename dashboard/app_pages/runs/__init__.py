"""Runs: the list, and one or two runs in detail."""
