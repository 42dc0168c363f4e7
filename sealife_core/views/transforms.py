"""Applies view parameters to a whole batch at once, on the device the batch is on.

Every view is the same four acts, whatever was drawn: two matrix products crop, resize and flip; one 3 × 4 matrix an
image does all that is done to colours; two more products blur; a comparison solarises. There is no loop over images.
"""

import math

import torch
from torch import Tensor

from sealife_core.views.sampling import ViewParameters

STEPS = ("crop", "flip", "jitter", "grayscale", "cast", "haze", "blur", "solarise")
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as PIL and torchvision
# rgb → YIQ (NTSC, FCC 1953): luma, and the plane in which hue is an angle.
_YIQ = ((0.299, 0.587, 0.114), (0.596, -0.274, -0.322), (0.211, -0.523, 0.312))
_REFERENCE_PX = 224  # blur is given for a view of this width
# So many bytes of pixels are worked on at a time: a chunk and its views stay in the processor's own memory.
_CHUNK_BYTES = 4 * 2**20


def apply_views(
    images: Tensor, parameters: ViewParameters, image_size_px: int, steps: tuple[str, ...] | None = None
) -> Tensor:
    """The views. ``images`` (n, S, S, 3) uint8, squashed to squares; returns (n, 3, H, H) float32 in [0, 1], H =
    ``image_size_px``, channels-last in memory, on the device of ``images``. Only ``steps`` (all unless given) are done;
    without "crop" the whole square is resized.
    """
    n, source = len(images), images.shape[1]
    steps = STEPS if steps is None else steps
    views = torch.empty((n, 3, image_size_px, image_size_px), device=images.device, memory_format=torch.channels_last)
    parameters = parameters.to(images.device)
    on_cpu = images.device.type == "cpu"
    chunk = max(1, _CHUNK_BYTES // (source * source * 12)) if on_cpu else 256
    for start in range(0, n, chunk):
        rows = slice(start, start + chunk)
        views[rows] = _views(images[rows], parameters.select(rows), image_size_px, steps)
    return views


def normalise(x: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """(n, 3, H, W) in [0, 1] → the same, less ``mean``, over ``std`` (three numbers each)."""
    mean_, std_ = (torch.tensor(v, device=x.device, dtype=x.dtype).view(3, 1, 1) for v in (mean, std))
    return (x - mean_) / std_


def _views(images: Tensor, parameters: ViewParameters, size: int, steps: tuple[str, ...]) -> Tensor:
    """(n, S, S, 3) uint8 → (n, 3, size, size) float32, contiguous."""
    n, source = len(images), images.shape[1]
    box = parameters.crop if "crop" in steps else torch.tensor([0.0, 0, 1, 1], device=images.device).expand(n, 4)
    flips = [f if "flip" in steps else torch.zeros_like(f) for f in (parameters.flip_x, parameters.flip_y)]
    across = resize_matrix(box[:, 0], box[:, 2], flips[0], source, size)
    down = resize_matrix(box[:, 1], box[:, 3], flips[1], source, size)
    # (n, y, x·c)ᵀ @ (n, y, H) → (n, x, c·H);  its (n, c·H, x) @ (n, x, W) → (n, c, H, W): no copy in between.
    rows = torch.bmm(images.float().view(n, source, source * 3).mT, down.mT)
    view = torch.bmm(rows.view(n, source, 3 * size).mT, across.mT).view(n, 3, size * size)

    matrix, offset = colour_matrix(view.mean(2) / 255, parameters, steps)
    view = torch.baddbmm(offset[:, :, None], matrix / 255, view).clamp_(0, 1).view(n, 3, size, size)
    if "blur" in steps:
        view = _blur(view, parameters.blur_sigma)
    if "solarise" in steps:
        threshold = parameters.solarise.view(n, 1, 1, 1)
        if view.is_cuda or bool((threshold <= 1).any()):
            view = torch.where(view >= threshold, 1 - view, view)
    return view


def resize_matrix(start: Tensor, length: Tensor, flip: Tensor, source: int, size: int) -> Tensor:
    """(n, size, source): row i holds the weights with which output pixel i sums source pixels.

    Antialiased bilinear: a triangle as wide as the reduction, as ``interpolate(antialias=True)``; ``start`` and
    ``length`` (n,) are fractions of the source. Boxes need not lie on pixels: a pixel counts with its share in the box.
    """
    pixels = torch.arange(source, device=start.device, dtype=torch.float32)
    outputs = torch.arange(size, device=start.device, dtype=torch.float32) + 0.5
    begin, extent = start[:, None] * source, length[:, None] * source
    position = torch.where(flip[:, None], size - outputs, outputs) / size
    centre = begin + extent * position  # (n, size)
    reach = (extent / size).clamp_min(1)
    inside = (torch.minimum(pixels + 1, begin + extent) - torch.maximum(pixels, begin)).clamp_(0, 1)
    # relu(1 − |pixel − centre| / reach), in place: this is built anew for every view.
    weights = ((pixels + 0.5) / reach)[:, None, :] - (centre / reach)[:, :, None]
    weights.abs_().neg_().add_(1).clamp_(min=0).mul_(inside[:, None, :])
    return weights.div_(weights.sum(2, keepdim=True))


def colour_matrix(mean: Tensor, parameters: ViewParameters, steps: tuple[str, ...] = STEPS) -> tuple[Tensor, Tensor]:
    """All that is done to colours as rgb → matrix @ rgb + offset: (n, 3, 3) and (n, 3).

    ``mean`` (n, 3): the mean colour of the crop, which contrast turns around. It is affine like the rest, so that it
    follows from the operations before; torchvision also clamps to [0, 1] after each of them, this only after the last.
    """
    device, n = mean.device, len(mean)
    identity = torch.eye(3, device=device)
    luma = torch.tensor(LUMA, device=device).expand(3, 3)  # every row: the luma of a colour
    matrix, offset = identity.repeat(n, 1, 1), torch.zeros(n, 3, device=device)
    if "jitter" in steps:
        brightness, contrast, saturation, hue = parameters.jitter.unbind(1)
        linear = torch.stack(
            [
                brightness.view(n, 1, 1) * identity,
                contrast.view(n, 1, 1) * identity,
                torch.lerp(luma, identity, saturation.view(n, 1, 1)),
                _hue_matrix(hue),
            ],
            1,
        )
        everyone = torch.arange(n, device=device)
        for operation in parameters.order.unbind(1):
            step = linear[everyone, operation]
            grey = ((matrix @ mean[:, :, None])[:, :, 0] + offset) @ luma[0]
            constant = torch.where(operation == 1, (1 - contrast) * grey, 0.0)
            matrix, offset = step @ matrix, (step @ offset[:, :, None])[:, :, 0] + constant[:, None]
    if "grayscale" in steps:
        step = torch.where(parameters.grayscale.view(n, 1, 1), luma, identity)
        matrix, offset = step @ matrix, (step @ offset[:, :, None])[:, :, 0]
    if "cast" in steps:
        matrix, offset = parameters.cast[:, :, None] * matrix, parameters.cast * offset
    if "haze" in steps:
        # Scattered light lies over the picture: I = (1 − a) J + a B (Koschmieder; He, Sun and Tang, CVPR 2009).
        veil = parameters.haze[:, None]
        matrix, offset = (1 - veil[:, :, None]) * matrix, torch.lerp(offset, parameters.water, veil)
    return matrix, offset


def _hue_matrix(turns: Tensor) -> Tensor:
    """(n, 3, 3): a rotation in the IQ plane, which keeps luma. Red goes to green for +1/3, as in HSV."""
    to_yiq = torch.tensor(_YIQ, dtype=torch.float64)
    from_yiq = torch.linalg.inv(to_yiq).to(turns.device, torch.float32)
    to_yiq = to_yiq.to(turns.device, torch.float32)
    angle = -2 * math.pi * turns
    cos, sin, zero, one = angle.cos(), angle.sin(), torch.zeros_like(turns), torch.ones_like(turns)
    rotation = torch.stack([one, zero, zero, zero, cos, -sin, zero, sin, cos], 1).view(-1, 3, 3)
    return from_yiq @ rotation @ to_yiq


def _blur(view: Tensor, sigma_reference: Tensor) -> Tensor:
    """Gaussian blur of those (n, 3, H, H) that have a sigma. As two matrix products it takes half the time of a grouped
    convolution on a CPU at 64 px (and 0.6 at 224 px, with 23 taps)."""
    size = view.shape[-1]
    if view.is_cuda:  # asking which rows have a sigma would wait for the device
        kernel = blur_matrix(sigma_reference * size / _REFERENCE_PX, size)[:, None]
        return kernel @ view @ kernel.mT
    rows = sigma_reference.nonzero()[:, 0]
    if len(rows):
        kernel = blur_matrix(sigma_reference[rows] * size / _REFERENCE_PX, size)
        chosen = view[rows].view(len(rows), 3 * size, size)
        chosen = torch.bmm(chosen, kernel.mT).view(len(rows), 3, size, size)
        view[rows] = kernel[:, None] @ chosen
    return view


def blur_matrix(sigma_px: Tensor, size: int) -> Tensor:
    """(n, size, size): a Gaussian of odd width, about a tenth of the view (SimCLR, appendix A), mirrored at the edges;
    ``sigma_px`` (n,), where 0 is the identity."""
    half = max(1, round(size / 20))
    taps = torch.arange(-half, half + 1, device=sigma_px.device)
    weights = torch.exp(-0.5 * (taps / sigma_px[:, None].clamp_min(1e-3)) ** 2)
    weights = weights / weights.sum(1, keepdim=True)
    position = torch.arange(size, device=sigma_px.device)[:, None] + taps
    position = (size - 1) - ((size - 1) - position.abs()).abs()  # … 2 1 | 0 1 2 … n-1 | n-2 …
    where = position.expand(len(sigma_px), size, len(taps))
    matrix = torch.zeros(len(sigma_px), size, size, device=sigma_px.device)
    return matrix.scatter_add_(2, where, weights[:, None, :].expand_as(where))


def step_strip(images: Tensor, parameters: ViewParameters, image_size_px: int) -> list[tuple[str, str, Tensor]]:
    """From original to final view: (name of the step, what it did, (3, H, W) float32 in [0, 1] after it).

    ``images`` (1, S, S, 3) uint8. "original" comes first, whole, in its own proportions, its longer side S px.
    """
    words = parameters.describe(0)
    aspect, source = float(parameters.aspect[0]), images.shape[1]
    shape = [max(1, round(source * side)) for side in (min(1.0, 1 / aspect), min(1.0, aspect))]
    whole = torch.nn.functional.interpolate(
        images.permute(0, 3, 1, 2).float() / 255, size=shape, mode="bilinear", antialias=True
    )
    strip = [("original", f"the whole picture, {aspect:.2f} : 1", whole[0].clamp(0, 1))]
    names = {"flip": "Flip", "grayscale": "Grayscale", "cast": "Colour cast", "haze": "Haze", "blur": "Blur"}
    names |= {"crop": "Crop", "solarise": "Solarise"}
    for i, step in enumerate(STEPS):
        view = apply_views(images, parameters[:1], image_size_px, STEPS[: i + 1])[0]
        if step == "jitter":
            colours = [
                f"{k.lower()} {v}" for k, v in words.items() if k in ("Brightness", "Contrast", "Saturation", "Hue")
            ]
            text = ", then ".join(colours)
        else:
            text = words.get(names[step], "")
        strip.append((step, text or "not this time", view))
    return strip
