"""Studies and searches: many runs that answer one question, their processes and their results. Needs no torch."""
