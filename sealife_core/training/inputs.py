"""From a batch of decoded images to what a network gets."""

from torch import Tensor

from sealife_core.views.sampling import ViewParameters
from sealife_core.views.transforms import IMAGENET_MEAN, IMAGENET_STD, apply_views


def network_inputs(images: Tensor, parameters: ViewParameters, image_size_px: int, out: Tensor | None = None) -> Tensor:
    """images (n, S, S, 3) uint8 → (v, 3, H, H) float32, normalised, channels-last; ``parameters`` are of v views, n or
    several times n: view j is of image j mod n. ``out``, where given, is filled and returned."""
    return apply_views(images, parameters, image_size_px, colours=(IMAGENET_MEAN, IMAGENET_STD), out=out)
