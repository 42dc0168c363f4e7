"""Finished runs side by side: scores, image by image, advice, a report."""
