"""Embeddings in two or three dimensions: PCA, UMAP, the film."""
