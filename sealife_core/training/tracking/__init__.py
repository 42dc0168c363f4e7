"""Runs recorded elsewhere too: Weights & Biases, TensorBoard. Neither is imported unless a run asks for it.

A recipe tells a :class:`~sealife_core.training.tracking.base.Tracking` what it sees; that passes it on to each tracker.
Whatever goes wrong in one of them ends that one with a warning, and never the run.
"""
