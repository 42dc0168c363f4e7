"""Runs that a Ray cluster carries out."""
