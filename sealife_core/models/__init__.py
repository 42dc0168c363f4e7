"""Encoders, heads, losses, and the portable model file."""
