"""One page a file: layout only."""
