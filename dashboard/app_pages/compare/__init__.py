"""Compare: finished runs side by side."""
