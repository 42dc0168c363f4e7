"""Who changed what in a data set: a log beside the manifest, and what follows from both."""
