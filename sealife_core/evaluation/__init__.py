"""What an encoder and a classifier are worth. Needs no trainer: used by training, by the dashboard, from a notebook."""
