"""Encoders, heads, losses, and the model file that a run leaves behind."""
