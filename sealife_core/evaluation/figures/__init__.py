"""Matplotlib figures, and the colours of classes."""
