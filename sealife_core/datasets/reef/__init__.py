"""The built-in sample data set: ten kinds of sea animals, drawn by code."""

from sealife_core.datasets.reef.animals import ANIMALS
from sealife_core.datasets.reef.reef_dataset import draw_reef

__all__ = ["ANIMALS", "draw_reef"]
