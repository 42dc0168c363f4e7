"""Data: data sets, their pictures, checks, import."""
