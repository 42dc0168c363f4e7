"""Contrastive views: one implementation for previews and training."""

from sealife_core.models.facts import IMAGENET_MEAN, IMAGENET_STD
from sealife_core.views.sampling import ViewParameters, centre_view, draw_views, generator_for
from sealife_core.views.transforms import STEPS, apply_views, normalise, step_strip

__all__ = [
    "IMAGENET_MEAN",
    "IMAGENET_STD",
    "STEPS",
    "ViewParameters",
    "apply_views",
    "centre_view",
    "draw_views",
    "generator_for",
    "normalise",
    "step_strip",
]
