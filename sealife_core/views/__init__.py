"""Contrastive views: one implementation for previews and training."""
