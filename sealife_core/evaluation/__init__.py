"""Evaluation of encoders and classifiers, without a trainer: used by training, the dashboard and notebooks."""
