"""``data``: data sets from a shell."""
