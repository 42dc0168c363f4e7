"""Widgets of contrastive learning that the Contrast page and the lessons show."""
