"""Views: augmented pairs of pictures."""
