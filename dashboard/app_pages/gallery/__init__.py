"""Gallery: what a classifier answered, picture by picture."""
