"""Applies view parameters to a whole batch at once, on the device of the batch.

Every view is made by the same three operations: two matrix products, one per axis, do crop, resize, flip and blur; one
3 × 4 matrix does all colour changes, including the normalisation for a network; a comparison solarises. On an
accelerator they run for whole batches, without a loop over images and without waiting for the device. On a CPU the
zeros of the matrices, which are most of them, are left out: ``bands.py``.

Two things differ from torchvision on purpose; everything else agrees up to rounding. torchvision clamps to [0, 1] after
every step, this clamps once, before solarise: on photographs a mean difference of 0.005 of white for the SimCLR recipe,
0.001 for the milder one. torchvision turns the hue in HSV, where one channel changes at a time; this rotates colours
about the grey axis, which is linear and equal at thirds of a turn: at a fifth of a turn the difference is 0.04 of
white, while HSV changes a photograph by 0.10. (A rotation in YIQ differs by 0.06, and commutes with the rest of the
jitter, so that its random order would have no effect.)
"""

import math

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor
from torch.nn import functional

from sealife_core.views.bands import ColourJitter, Geometry, banded_views, blur_weights
from sealife_core.views.sampling import JITTER_OPERATIONS, ViewParameters

STEPS = ("crop", "flip", "jitter", "grayscale", "cast", "haze", "blur", "solarise")
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as PIL and torchvision
_REFERENCE_PX = 224  # blur is given for views of this width
# Bytes of float pixels per chunk: enough to hide the overhead of a call, few enough for the memory.
_CHUNK_BYTES = {"cuda": 256 * 2**20}

Colours = tuple[tuple[float, ...], tuple[float, ...]]  # mean and standard deviation of red, green and blue


def apply_views(
    images: UInt8[Tensor, "n side side 3"],
    parameters: ViewParameters,
    image_size_px: int,
    steps: tuple[str, ...] | None = None,
    colours: Colours | None = None,
    out: Float[Tensor, "views 3 {image_size_px} {image_size_px}"] | None = None,
) -> Float[Tensor, "views 3 {image_size_px} {image_size_px}"]:
    """The views, in [0, 1] or normalised by ``colours`` as by :func:`normalise`; float32, channels-last in memory.

    images: squares that pictures were resized to. parameters: of n views or a multiple; view j is of image j mod n.
    steps: what is done (default: all); without "crop" the whole square is resized. out: is filled and returned where
    given; it must have this memory format.
    """
    steps = STEPS if steps is None else steps
    if out is None:
        out = empty_views(len(parameters), image_size_px, images.device)
    parameters = parameters.to(images.device)
    # Mixed precision is for the network: colours in bf16 would have visible steps.
    with torch.autocast("cuda" if images.is_cuda else "cpu", enabled=False):
        colouring = _colouring(parameters, steps, colours)
        make = banded_views if images.device.type == "cpu" else dense_views
        views = make(images, _geometry(parameters, image_size_px, steps), colouring, out)
        if "solarise" in steps:
            _solarise(views, parameters.solarise, colouring)
    return views


def empty_views(count: int, size: int, device: torch.device) -> Float[Tensor, "{count} 3 {size} {size}"]:
    """An uninitialised tensor for views, float32, channels-last."""
    return torch.empty((count, 3, size, size), device=device, memory_format=torch.channels_last)


def dense_views(
    images: UInt8[Tensor, "n side side 3"], geometry: Geometry, colouring: ColourJitter, out: Float[Tensor, "v 3 h h"]
) -> Float[Tensor, "v 3 h h"]:
    """Fill and return ``out``, channels-last; view j is of image j mod n."""
    (n, source), count, device, size = images.shape[:2], len(geometry.box), images.device, out.shape[2]
    chunk = max(1, min(count, _CHUNK_BYTES.get(device.type, 2**24) // (12 * source * source)))
    # Reused for each chunk: allocating memory takes longer than filling it.
    pixels = torch.empty((chunk, source, source, 3), device=device)
    columns = torch.empty((chunk, 3 * source, size), device=device)
    resized = torch.empty((chunk, 3 * size, size), device=device)
    coloured = torch.empty((chunk, 3, size * size), device=device)
    low, high = colouring.low.view(3, 1, 1), colouring.high.view(3, 1, 1)
    for start in range(0, count, chunk):
        rows = slice(start, min(start + chunk, count))
        m = rows.stop - start
        part = Geometry(*(g[rows] for g in geometry))
        # Crop, resize, flip and blur are weighted sums of the pixels of a line: one matrix an axis does them all.
        blur = blur_matrix(part.sigma_px, size)
        across = blur @ resize_matrix(part.box[:, 0], part.box[:, 2], part.flip_x, source, size)
        down = blur @ resize_matrix(part.box[:, 1], part.box[:, 3], part.flip_y, source, size)
        pixels[:m].copy_(images[torch.arange(start, rows.stop, device=device) % n])
        # (m, y, x·c)ᵀ @ (m, y, H) → (m, x, c·H); its (m, c·H, x) @ (m, x, W) → (m, c, H, W), without a copy.
        torch.bmm(pixels[:m].view(m, source, 3 * source).mT, down.mT, out=columns[:m])
        torch.bmm(columns[:m].view(m, source, 3 * size).mT, across.mT, out=resized[:m])
        view = resized[:m].view(m, 3, size * size)
        offset = torch.baddbmm(colouring.light[rows, :, None], colouring.shift[rows], view.mean(2, keepdim=True))
        torch.baddbmm(offset, colouring.matrix[rows], view, out=coloured[:m])
        torch.clamp(coloured[:m].view(m, 3, size, size), low, high, out=out[rows])
    return out


def _geometry(parameters: ViewParameters, size: int, steps: tuple[str, ...]) -> Geometry:
    """Crop, flips and blur, as far as ``steps`` include them."""
    whole = torch.tensor([0.0, 0, 1, 1], device=parameters.crop.device).expand_as(parameters.crop)
    return Geometry(
        box=parameters.crop if "crop" in steps else whole,
        flip_x=parameters.flip_x & ("flip" in steps),
        flip_y=parameters.flip_y & ("flip" in steps),
        sigma_px=parameters.blur_sigma * (size / _REFERENCE_PX if "blur" in steps else 0.0),
    )


def _colouring(parameters: ViewParameters, steps: tuple[str, ...], colours: Colours | None) -> ColourJitter:
    """:func:`colour_matrices` for pixels of 0 … 255, including the normalisation."""
    colour, colour_of_mean, light = colour_matrices(parameters, steps)
    mean, std = torch.tensor(colours or ((0.0,) * 3, (1.0,) * 3), device=light.device)
    scale = 1 / (255 * std[:, None])
    low, high = -mean / std, (1 - mean) / std
    return ColourJitter(scale * colour, scale * (colour_of_mean - colour), (light - mean) / std, low, high)


def _solarise(views: Tensor, threshold: Tensor, colouring: ColourJitter) -> None:
    """In place: invert pixels not below ``threshold`` (v,), which is given in [0, 1]."""
    low, high = colouring.low.view(3, 1, 1), colouring.high.view(3, 1, 1)
    above = low + (high - low) * threshold.view(-1, 1, 1, 1)
    if views.device.type != "cpu":  # selecting views would mean waiting for the device
        torch.where(views >= above, low + high - views, views, out=views)
        return
    for row in (threshold <= 1).nonzero()[:, 0].tolist():
        torch.where(views[row] >= above[row], low + high - views[row], views[row], out=views[row])


def normalise(x: Float[Tensor, "n 3 h w"], mean: tuple[float, ...], std: tuple[float, ...]) -> Float[Tensor, "n 3 h w"]:
    """(x − mean) / std of x in [0, 1]; mean, std: of red, green and blue."""
    mean_, std_ = (torch.tensor(v, device=x.device, dtype=x.dtype).view(3, 1, 1) for v in (mean, std))
    return (x - mean_) / std_


def resize_matrix(
    start: Float[Tensor, " n"], length: Float[Tensor, " n"], flip: Bool[Tensor, " n"], source: int, size: int
) -> Float[Tensor, "n {size} {source}"]:
    """Row i has the weights of the source pixels in output pixel i.

    Antialiased bilinear: a triangle as wide as the reduction, as ``interpolate(antialias=True)``; ``start`` and
    ``length`` are fractions of the source. Boxes may cut pixels: a pixel counts with its share in the box.
    """
    pixels = torch.arange(source, device=start.device, dtype=torch.float32)
    outputs = torch.arange(size, device=start.device, dtype=torch.float32) + 0.5
    begin, extent = start[:, None] * source, length[:, None] * source
    centre = begin + extent * torch.where(flip[:, None], size - outputs, outputs) / size  # (n, size)
    reach = (extent / size).clamp_min(1)
    inside = (torch.minimum(pixels + 1, begin + extent) - torch.maximum(pixels, begin)).clamp_(0, 1)
    # relu(1 − |pixel − centre| / reach), in place: it is computed for every view.
    weights = ((pixels + 0.5) / reach)[:, None, :] - (centre / reach)[:, :, None]
    weights.abs_().neg_().add_(1).clamp_(min=0).mul_(inside[:, None, :])
    return weights.div_(weights.sum(2, keepdim=True))


def blur_matrix(sigma_px: Float[Tensor, " n"], size: int) -> Float[Tensor, "n {size} {size}"]:
    """The weights of :func:`~sealife_core.views.bands.blur_weights`."""
    weights, position = blur_weights(sigma_px, size)
    where = position.expand(len(sigma_px), -1, -1)
    matrix = torch.zeros(len(sigma_px), size, size, device=sigma_px.device)
    return matrix.scatter_add_(2, where, weights[:, None, :].expand_as(where))


def colour_matrices(
    parameters: ViewParameters, steps: tuple[str, ...] = STEPS
) -> tuple[Float[Tensor, "n 3 3"], Float[Tensor, "n 3 3"], Float[Tensor, "n 3"]]:
    """All colour changes: ``colour``, ``colour_of_mean`` and ``light``.

    A pixel p of a view with mean colour m becomes ``colour (p − m) + colour_of_mean m + light``. The two matrices
    differ only by contrast, which scales the difference from the mean and moves the mean towards grey.
    """
    n, device = len(parameters), parameters.crop.device
    identity, luma = torch.eye(3, device=device), torch.tensor(LUMA, device=device).expand(3, 3)
    colour = colour_of_mean = identity.repeat(n, 1, 1)
    light = torch.zeros(n, 3, device=device)
    if "jitter" in steps:
        brightness, contrast, saturation, turns = parameters.jitter.view(n, 4, 1, 1).unbind(1)
        brighten, saturate, turn = brightness * identity, torch.lerp(luma, identity, saturation), _hue_matrix(turns)
        of_pixel = torch.stack([brighten, contrast * identity, saturate, turn], 1)
        of_mean = torch.stack([brighten, torch.lerp(luma, identity, contrast), saturate, turn], 1)
        for position in range(len(JITTER_OPERATIONS)):
            chosen = parameters.order[:, position].view(n, 1, 1, 1).expand(n, 1, 3, 3)
            colour = of_pixel.gather(1, chosen)[:, 0] @ colour
            colour_of_mean = of_mean.gather(1, chosen)[:, 0] @ colour_of_mean
    if "grayscale" in steps:
        grey = torch.where(parameters.grayscale.view(n, 1, 1), luma, identity)
        colour, colour_of_mean = grey @ colour, grey @ colour_of_mean
    if "cast" in steps:
        remaining = parameters.cast[:, :, None]
        colour, colour_of_mean = remaining * colour, remaining * colour_of_mean
    if "haze" in steps:
        # Scattered light is added to the picture: I = (1 − a) J + a A (He, Sun and Tang, CVPR 2009, eq. 1).
        veil = parameters.haze[:, None]
        colour, colour_of_mean = (1 - veil[:, :, None]) * colour, (1 - veil[:, :, None]) * colour_of_mean
        light = veil * parameters.water
    return colour, colour_of_mean, light


def _hue_matrix(turns: Tensor) -> Tensor:
    """(n, 1, 1) → (n, 3, 3): a rotation about the grey axis (Rodrigues' formula); +1/3: red to green, as in HSV."""
    grey = torch.full((3, 3), 1 / 3, device=turns.device)
    identity = torch.eye(3, device=turns.device)
    across = (identity.roll(1, 0) - identity.roll(-1, 0)) / math.sqrt(3)
    angle = 2 * math.pi * turns
    return grey + angle.cos() * (identity - grey) + angle.sin() * across


def step_strip(
    images: UInt8[Tensor, "1 side side 3"], parameters: ViewParameters, image_size_px: int
) -> list[tuple[str, str, Float[Tensor, "3 _ _"]]]:
    """The steps from the original to the view: (name, what it did in words, the picture in [0, 1] after it).

    The first is "original": the whole picture with its own aspect ratio, its longer side as long as the square's.
    """
    aspect, source = float(parameters.aspect[0]), images.shape[1]
    height, width = (max(1, round(source * min(1.0, side))) for side in (1 / aspect, aspect))
    whole = images.permute(0, 3, 1, 2).float() / 255
    whole = functional.interpolate(whole, size=(height, width), mode="bilinear", antialias=True)[0]
    strip = [("original", f"the whole picture, {aspect:.2f} : 1", whole.clamp(0, 1))]
    words = parameters.describe(0)
    words["Jitter"] = ", then ".join(f"{name.lower()} {words[name]}" for name in words if name in JITTER_OPERATIONS)
    for i, step in enumerate(STEPS):
        view = apply_views(images, parameters[:1], image_size_px, STEPS[: i + 1])[0]
        strip.append((step, words.get(step.capitalize()) or "not this time", view))
    return strip
