"""What the Embeddings page shows, as plain data."""
