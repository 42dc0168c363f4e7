"""Train: a run is set up and launched."""
