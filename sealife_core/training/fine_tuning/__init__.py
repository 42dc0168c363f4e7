"""Fine-tuning by the clock: a plan in minutes, stored activations, the head to start from."""
