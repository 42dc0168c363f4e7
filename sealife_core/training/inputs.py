"""From a batch of decoded images to what a network gets."""

import torch
from torch import Tensor

from sealife_core.views.sampling import ViewParameters
from sealife_core.views.transforms import IMAGENET_MEAN, IMAGENET_STD, apply_views, normalise


def network_inputs(images: Tensor, parameters: ViewParameters, image_size_px: int) -> Tensor:
    """images (n, S, S, 3) uint8 → (n, 3, H, H) float32, normalised, channels-last."""
    views = normalise(apply_views(images, parameters, image_size_px), IMAGENET_MEAN, IMAGENET_STD)
    return views.contiguous(memory_format=torch.channels_last)
