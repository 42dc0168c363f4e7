"""Embeddings: all pictures of a data set as points."""
