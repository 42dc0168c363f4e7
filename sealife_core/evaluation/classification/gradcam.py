"""Grad-CAM (Selvaraju et al., arXiv 1610.02391): where in a picture a classifier finds evidence for a class.

A map is as coarse as the feature maps of the chosen stage: the last stage behind the ImageNet stem has 2 × 2 cells at
64 px and 7 × 7 at 224 px. Between their centres the map is interpolated.
"""

import io

import numpy as np
import torch
from jaxtyping import Float, Float32
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from sealife_core.errors import WeightsError
from sealife_core.evaluation.classification.gradcam_layers import Layer
from sealife_core.evaluation.embeddings.compute import evaluating
from sealife_core.models.encoders import Encoder

COLOUR_MAP = "inferno"  # Matplotlib's: its lightness only rises, so it reads in every kind of colour sight, and in grey


def grad_cam(
    encoder: Encoder,
    head: nn.Module | None,
    pixels: Float[Tensor, "1 3 h w"],
    class_index: int,
    layer: Layer = "layer4",
) -> Float32[np.ndarray, "h w"]:
    """The Grad-CAM map, in 0 … 1, for class ``class_index`` of ``head(encoder(pixels))``; pixels are normalised.

    The maximum is 1; without evidence for the class the map is 0 everywhere. Maps of
    different classes or pictures have different scales. ``layer``: the stage whose output is weighted; an earlier one
    is finer and less specific to the class. Works on frozen encoders; gradients, modes and parameters are not changed.

    Raises WeightsError if the model is no classifier, ValueError for a class that it does not have.
    """
    if head is None:
        raise WeightsError(
            "This model has no classifier, so there is no class to explain. Choose a probe or a fine-tuned run."
        )
    model = nn.Sequential(encoder, head)

    found: list[Tensor] = []
    # Gradients are needed in any mode of the caller; an input that requires them carries them through frozen layers.
    with evaluating(model), torch.inference_mode(False), torch.enable_grad():
        (hook,) = encoder.at_ends(lambda _, given: found.append(given), layer)
        try:
            logits = model(pixels.detach().clone().requires_grad_())
        finally:
            hook.remove()
        if not 0 <= class_index < logits.shape[1]:
            raise ValueError(f"class_index is {class_index}; expected 0 … {logits.shape[1] - 1}")
        (gradient,) = torch.autograd.grad(logits[0, class_index], found)
    maps, slopes = encoder.maps(found[0].detach()), encoder.maps(gradient)
    cam = (maps * slopes.mean((2, 3), keepdim=True)).sum(1, keepdim=True).relu().float()
    cam = functional.interpolate(cam, pixels.shape[2:], mode="bilinear", align_corners=False)[0, 0]
    top = float(cam.max())
    # Not finite if the model's weights are not: an empty map is better than one of NaN.
    return (cam / top if 0 < top < float("inf") else torch.zeros_like(cam)).cpu().numpy()


def heat_png(heat: Float[np.ndarray, "h w"]) -> bytes:
    """``heat``, in 0 … 1 as a PNG to lay over the picture: it covers more the hotter it is, and nothing at 0."""
    from matplotlib import colormaps

    share = np.clip(heat, 0, 1)
    colours = colormaps[COLOUR_MAP](share)
    colours[..., 3] = share
    held = io.BytesIO()
    Image.fromarray(np.rint(255 * colours).astype(np.uint8), "RGBA").save(held, "PNG")
    return held.getvalue()
