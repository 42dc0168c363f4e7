"""Curating a data set: which labels to doubt, what to label next, where people disagree."""
