"""Views on a CPU: band matrices, so that no zeros are multiplied.

A pixel of a view is a weighted sum of a few neighbours in the picture: a row of the matrix that resizes (or blurs) a
line is 0 except for a short band. So a matrix is stored as its bands, and a view is made in three steps:

1. Only its crop is converted to float: half of a picture, on average.
2. Vertically: every line of the view is a weighted sum of the few lines of the crop in its band.
3. Horizontally: the line is cut into blocks of columns. The pixels of a block come from a window of its line, and one
   matrix (3 colours of the window, 3 colours of the block) resizes and changes colours at once, so that the result is
   in the memory format of the network. The windows of a view have equal distances: one product makes all blocks.

Views with windows of similar size are made together, so that their matrices have one shape and little padding.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor
from torch.nn import functional

# Bytes of float pixels per chunk: the result of one step should still be in the CPU cache at the next step, and a call
# should have enough work.
_CHUNK_BYTES = 8 * 2**20
_BLOCK = 16  # columns: with fewer the products are too small, with more they have too many zeros
# Weights beyond so many standard deviations are below 1e-6 of the middle one: less than one grey level.
_BLUR_REACH = 5.3


class Geometry(NamedTuple):
    """The geometry of v views."""

    box: Float[Tensor, "v 4"]  # x0, y0, width, height as fractions of the picture
    flip_x: Bool[Tensor, " v"]
    flip_y: Bool[Tensor, " v"]
    sigma_px: Float[Tensor, " v"]  # of the blur, px of the view; 0 is none


class ColourJitter(NamedTuple):
    """The new colour of a pixel p (3,), 0 … 255, of a view with mean m: ``matrix p + shift m + light``, clamped."""

    matrix: Float[Tensor, "v 3 3"]
    shift: Float[Tensor, "v 3 3"]
    light: Float[Tensor, "v 3"]
    low: Float[Tensor, "3"]  # black
    high: Float[Tensor, "3"]  # white

    def select(self, rows: Int[Tensor, " m"] | slice) -> "ColourJitter":
        """The colour jitter of some of the views."""
        return ColourJitter(self.matrix[rows], self.shift[rows], self.light[rows], self.low, self.high)


class Bands(NamedTuple):
    """Weighted sums along one axis: output i is Σ ``weight[i, k]`` · pixel ``first[i] + k``; outside weights are 0."""

    first: Int[Tensor, "m size"]
    weight: Float[Tensor, "m size taps"]


class _BandPlan(NamedTuple):
    """What is computed for v views before the pixels; two numbers are for x and y."""

    corner: Tensor  # (v, 2) int64: the first pixel of the crop
    span: Tensor  # (v, 2) int64: how many pixels it has
    across: Bands
    down: Bands
    sigma_px: Tensor  # (v,)
    step: Tensor  # (v,) int64: how far apart the windows are
    place: Tensor  # (v, blocks) int64: the window of each block of columns, counted from the left of the picture

    def select(self, rows: slice) -> "_BandPlan":
        """The plan of some of the views."""
        across, down = (Bands(bands.first[rows], bands.weight[rows]) for bands in (self.across, self.down))
        return _BandPlan(
            self.corner[rows], self.span[rows], across, down, self.sigma_px[rows], self.step[rows], self.place[rows]
        )


def banded_views(
    images: UInt8[Tensor, "n side side 3"], geometry: Geometry, colouring: ColourJitter, out: Float[Tensor, "v 3 h h"]
) -> Float[Tensor, "v 3 h h"]:
    """Fill and return ``out``, channels-last, from images on the CPU; view j is of image j mod n."""
    count, source, size = len(geometry.box), images.shape[1], out.shape[2]
    views = out.permute(0, 2, 3, 1).view(count, size, 3 * size)
    if count:
        # Blurred views first, then by the number of pixels per block, largest first: memory is allocated once.
        blur_px = torch.ceil(_BLUR_REACH * geometry.sigma_px)
        order = (geometry.box[:, 2] * (_BLOCK + 2 * blur_px) + 1e6 * (blur_px > 0)).argsort(descending=True)
        geometry, colouring = Geometry(*(g[order] for g in geometry)), colouring.select(order)
        plan, room = _planned(geometry, source, size), torch.zeros(0)
        chunk = max(1, _CHUNK_BYTES // (12 * source * source))
        for start in range(0, count, chunk):
            rows = slice(start, start + chunk)
            room = _fill(views, images, order[rows], plan.select(rows), colouring.select(rows), room)
    return out


def _planned(geometry: Geometry, source: int, size: int) -> _BandPlan:
    """The plan of all views at once, since these tensors are small."""
    begin, extent = (geometry.box * source).view(-1, 2, 2).unbind(1)
    corner = begin.floor().clamp(0, source - 1)
    span = torch.maximum((begin + extent).ceil().clamp(max=source) - corner, torch.ones(1))
    begin = begin - corner
    across = resize_bands(begin[:, 0], extent[:, 0], geometry.flip_x, size)
    down = resize_bands(begin[:, 1], extent[:, 1], geometry.flip_y, size)
    block = max(b for b in range(1, min(_BLOCK, size) + 1) if size % b == 0)  # blocks are of equal width
    place = torch.arange(size // block)
    place = torch.where(geometry.flip_x[:, None], len(place) - 1 - place, place)
    step = (extent[:, 0] * block / size).round().long()
    return _BandPlan(corner.long(), span.long(), across, down, geometry.sigma_px, step, place)


def _fill(
    views: Tensor, images: Tensor, numbers: Tensor, plan: _BandPlan, colouring: ColourJitter, room: Tensor
) -> Tensor:
    """Make ``views[numbers]``, with the ``plan`` and the ``colouring`` of only these.

    ``room``: memory for the pixels; it is returned, or a larger one. Old values in it are finite and have weight 0.
    """
    size, across, blurred = views.shape[1], plan.across, bool(plan.sigma_px.any())
    if blurred:
        across = blurred_bands(across, plan.sigma_px)
    ahead = plan.place * plan.step[:, None]
    # Bands are ordered, to the right or, if flipped, to the left: the ends of a block bound all of it.
    ends = (across.first.view(*plan.place.shape, -1)[:, :, [0, -1]] - ahead[:, :, None]).flatten(1)
    left = ends.amin(1)  # start of the first window, at the crop's edge or before it
    window = ends.amax(1) + across.weight.shape[2] - left
    across = Bands(across.first - left[:, None], across.weight)
    width = torch.maximum(plan.span[:, 0] - left, ahead.amax(1) + window)

    needed = len(numbers) * int(plan.span[:, 1].amax()) * int(width.amax()) * 3
    room = room if room.numel() >= needed else torch.zeros(needed)
    pixels = room[:needed].view(len(numbers), -1, 3 * int(width.amax()))
    _copy_crops(pixels, images, torch.stack([numbers % len(images), *plan.corner.T, *plan.span.T, -left], 1))
    where = (plan.down.first[:, :, None] + torch.arange(plan.down.weight.shape[2])).clamp_(min=0)
    where = torch.minimum(where, plan.span[:, 1, None, None] - 1)
    lines = weighted_sums(pixels, where, plan.down.weight)
    if blurred:
        weights, near = blur_weights(plan.sigma_px, size, _BLUR_REACH)
        lines = weighted_sums(lines, near.expand(len(numbers), -1, -1), weights[:, None].expand(-1, size, -1))

    matrix, mean = _block_matrices(across, plan, colouring, int(window.amax())), _mean_colour(lines, across)
    blocks, block = plan.place.shape[1], size // plan.place.shape[1]
    offset = torch.baddbmm(colouring.light[:, None], mean, colouring.shift.mT).repeat(1, 1, block)
    low, high = colouring.low.repeat(block), colouring.high.repeat(block)
    product = torch.empty(blocks, size, 3 * block)
    flips = (plan.place[:, 0] > 0).tolist()
    for k, (j, step, long) in enumerate(zip(numbers.tolist(), plan.step.tolist(), window.tolist(), strict=True)):
        windows = lines[k].as_strided((blocks, size, 3 * long), (3 * step, lines.shape[2], 1))
        torch.baddbmm(offset[k], windows, matrix[k, :, : 3 * long], out=product)
        made = (product.flip(0) if flips[k] else product).transpose(0, 1)
        torch.clamp(made, low, high, out=views[j].view(size, blocks, 3 * block))
    return room


def _copy_crops(pixels: Tensor, images: Tensor, told: Tensor) -> None:
    """Copy crops into pixels (m, height, width·3). told (m, 6): the image; x, y, w, h in it; x in ``pixels``."""
    crops = pixels.view(*pixels.shape[:2], -1, 3).unbind()
    for crop, (number, x, y, w, h, at) in zip(crops, told.tolist(), strict=True):
        crop[:h, at : at + w] = images[number, y : y + h, x : x + w]


def _mean_colour(lines: Tensor, across: Bands) -> Tensor:
    """The mean colour of each view, (m, 1, 3), from lines (m, size, width·3) and the bands ``across``."""
    m, size, taps = across.weight.shape
    pixel = across.first[:, :, None] + torch.arange(taps)
    weight = torch.zeros(m, lines.shape[2] // 3)
    weight.scatter_add_(1, pixel.clamp_(max=weight.shape[1] - 1).view(m, -1), across.weight.view(m, -1) / size)
    return torch.bmm(weight[:, None], lines.mean(1).view(m, -1, 3))


def _block_matrices(across: Bands, plan: _BandPlan, colouring: ColourJitter, window: int) -> Tensor:
    """(m, blocks, window · 3, block · 3): from the pixels of a window to the columns and colours of its block.

    ``across`` counts pixels from the start of the first window.
    """
    m, size, taps = across.weight.shape
    blocks, block = plan.place.shape[1], size // plan.place.shape[1]
    pixel = (across.first[:, :, None] + torch.arange(taps)).view(m, blocks, -1)  # of the line
    pixel = pixel + (plan.place * (window - plan.step[:, None]))[:, :, None]  # of all windows, one after the other
    column = torch.arange(block)[:, None].expand(block, taps).reshape(-1)
    columns = torch.zeros(m, blocks * window * block)
    columns.scatter_add_(1, (pixel * block + column).view(m, -1), across.weight.view(m, -1))
    # Colours change within a column only: (column, colour before, column, colour after).
    colours = torch.zeros(m, block, 3, block, 3)
    colours.diagonal(dim1=1, dim2=3).copy_(colouring.matrix.mT[..., None])
    matrix = torch.bmm(columns.view(m, blocks * window, block), colours.view(m, block, 9 * block))
    return matrix.view(m, blocks, 3 * window, 3 * block)


def resize_bands(begin: Float[Tensor, " m"], extent: Float[Tensor, " m"], flip: Bool[Tensor, " m"], size: int) -> Bands:
    """The bands of :func:`~sealife_core.views.transforms.resize_matrix`; ``begin``, ``extent``: px of the crop."""
    begin, extent = begin[:, None], extent[:, None]
    outputs = torch.arange(size) + 0.5
    centre = begin + extent * torch.where(flip[:, None], size - outputs, outputs) / size
    reach = (extent / size).clamp_min(1)
    first = (centre - reach + 0.5).floor()
    pixel = first[:, :, None] + torch.arange(int((2 * reach.amax()).ceil()))
    share = torch.minimum(pixel + 1, (begin + extent)[:, :, None]) - torch.maximum(pixel, begin[:, :, None])
    weight = 1 - (pixel + 0.5 - centre[:, :, None]).abs_() / reach[:, :, None]
    weight = weight.clamp_(min=0) * share.clamp_(0, 1)
    return Bands(first.long(), weight / weight.sum(2, keepdim=True))


def blurred_bands(bands: Bands, sigma_px: Float[Tensor, " m"]) -> Bands:
    """The bands of the product with :func:`~sealife_core.views.transforms.blur_matrix`."""
    m, size, taps = bands.weight.shape
    weights, near = blur_weights(sigma_px, size, _BLUR_REACH)
    # Bands are ordered: the smallest is at one end.
    first = torch.minimum(bands.first[:, near.amin(1)], bands.first[:, near.amax(1)])
    slot = bands.first.index_select(1, near.view(-1)).view(m, size, -1) - first[:, :, None]
    weight = torch.zeros(m, size, int(slot.amax()) + taps)
    for k in range(taps):
        part = bands.weight[:, :, k].index_select(1, near.view(-1)).view(m, size, -1) * weights[:, None]
        weight.scatter_add_(2, slot + k, part)
    return Bands(first, weight)


def blur_weights(
    sigma_px: Float[Tensor, " m"], size: int, reach: float | None = None
) -> tuple[Float[Tensor, "m taps"], Int[Tensor, "{size} taps"]]:
    """A Gaussian of odd width, about a tenth of the view (SimCLR, appendix A), mirrored at the edges.

    ``sigma_px``: 0 is the identity. Returns the weights and the pixels of these weights. With ``reach`` (in standard
    deviations, on the CPU), weights further from the middle are left out.
    """
    half = min(max(1, round(size / 20)), size - 1)
    if reach is not None:
        half = min(half, int(torch.ceil(reach * sigma_px.amax())))
    taps = torch.arange(-half, half + 1, device=sigma_px.device)
    weights = torch.exp(-0.5 * (taps / sigma_px[:, None].clamp_min(1e-3)) ** 2)
    weights = weights / weights.sum(1, keepdim=True)
    # Weights too small for a float32 sum are exactly 0: denormal numbers slow a product down by more than half.
    weights = torch.where(weights < 1e-9, 0.0, weights)
    position = torch.arange(size, device=sigma_px.device)[:, None] + taps
    return weights, (size - 1) - ((size - 1) - position.abs()).abs()  # … 2 1 | 0 1 2 … n-1 | n-2 …


def weighted_sums(
    lines: Float[Tensor, "m h d"], where: Int[Tensor, "m size taps"], weight: Float[Tensor, "m size taps"]
) -> Float[Tensor, "m size d"]:
    """Σ weight[i, k] · lines[where[i, k]]."""
    (m, height, length), (_, size, taps) = lines.shape, where.shape
    where = where + height * torch.arange(m)[:, None, None]
    sums = functional.embedding_bag(
        where.view(-1, taps), lines.view(-1, length), per_sample_weights=weight.reshape(-1, taps), mode="sum"
    )
    return sums.view(m, size, length)
