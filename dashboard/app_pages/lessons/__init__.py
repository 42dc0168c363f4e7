"""Lessons: a course on contrastive learning in seven short pages."""
