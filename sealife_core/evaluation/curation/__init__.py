"""Labels one can trust, from stored features: numpy, without torch."""
