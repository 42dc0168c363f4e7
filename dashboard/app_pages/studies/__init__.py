"""Studies and searches."""
