"""Checks before a launch: would the run fail, and what would be missing?"""
