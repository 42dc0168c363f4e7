"""Linear probes on features that were computed once."""
