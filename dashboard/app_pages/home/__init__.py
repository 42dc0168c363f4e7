"""Home: the demo and the next step."""
