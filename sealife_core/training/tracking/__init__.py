"""Runs recorded elsewhere too: Weights & Biases, TensorBoard. Neither is imported unless a run asks for it.

A recipe tells a :class:`Tracking` what it sees; that passes it on to each :class:`Tracker`. Whatever goes wrong in one
of them ends that one with a warning, and never the run.
"""

from sealife_core.training.tracking.base import Tracker, Tracking, tracked

__all__ = ["Tracker", "Tracking", "tracked"]
