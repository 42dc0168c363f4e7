"""Contrast: what contrastive learning sees, learns and ignores."""
