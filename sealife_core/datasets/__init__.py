"""Data sets on disk: imported, checked, split, decoded and served in batches. Importing this imports nothing else."""
