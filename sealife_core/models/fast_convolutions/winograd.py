"""3 × 3 convolutions of small maps as a few products of matrices, for training on a processor.

Winograd's algorithm (Lavin and Gray, arXiv 1509.09308): where direct convolution multiplies nine times for each number,
a tile of m × m numbers takes (m + 2)² products instead of 9 m². On maps of a few pixels the gain is larger than that:
PyTorch's convolution reads all its weights again for every image, a product of matrices once for the whole batch. There
(2 × 2 to 7 × 7) it takes a quarter to a half of the time, and three quarters of it up to 28 × 28.
"""

from functools import cache
from math import ceil
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

TILE_SIDES = (2, 3, 4, 6)
# So many points at which polynomials are multiplied. Small ones keep the rounding small: 2e-6 of the largest number for
# tiles of 2 × 2, and 2e-5 for 6 × 6.
_POINTS = {
    2: (0, 1), 3: (0, 1, -1), 4: (0, 1, -1, 2), 5: (0, 1, -1, 0.5, -2), 6: (0, 1, -1, 2, -2, 0.5),
    7: (0, 1, -1, 2, -2, 0.5, -0.5),
}  # fmt: skip
FEWEST_CHANNELS = 128  # with fewer, to transform a map takes as long as to convolve it
FEWEST_TILES = 32  # with fewer, the weights' own transform is most of the work


class WinogradConv2d(nn.Conv2d):
    """A 3 × 3 convolution of stride 1 or 2, padding 1 and no bias, done as products of matrices where that is faster.

    In everything but speed it is the convolution it stands for: the same parameters and, to rounding, the same values.
    """

    def forward(self, input: Float[Tensor, "n c h w"]) -> Float[Tensor, "n out h_out w_out"]:
        """The convolution of the maps."""
        n, _, height, width = input.shape
        direct = input.device.type != "cpu" or input.dtype != torch.float32 or torch.is_autocast_enabled("cpu")
        if direct or height != width:
            return super().forward(input)
        plan = Tiling.of(height, int(self.stride[0]))
        if not plan.pays or n * plan.tiles**2 < FEWEST_TILES:
            return super().forward(input)
        convolved = _Winograd.apply(input, self.weight, plan)
        assert isinstance(convolved, Tensor)
        return convolved


def fast_class(part: nn.Conv2d) -> type[nn.Conv2d] | None:
    """The class that can do what ``part`` does, or None; None too where few channels make it slow."""
    kind = part.kernel_size, part.padding, part.dilation, part.groups, part.bias, part.padding_mode
    same = type(part) is nn.Conv2d and kind == ((3, 3), (1, 1), (1, 1), 1, None, "zeros")
    wide = min(part.in_channels, part.out_channels) >= FEWEST_CHANNELS
    return WinogradConv2d if same and wide and part.stride in ((1, 1), (2, 2)) else None


class Tiling(NamedTuple):
    """How a map is cut. A map that is one tile is taken as it is, without its border of zeros."""

    height: int  # H, of the map that comes in
    out: int  # H', of the map that goes out
    stride: int
    side: int  # m: a tile gives m × m numbers of the map that goes out
    tiles: int  # along each side

    @classmethod
    def of(cls, height: int, stride: int) -> "Tiling":
        """The cut with the fewest products."""
        out = (height - 1) // stride + 1
        side = min(TILE_SIDES, key=lambda m: ceil(out / m) * (m + 2 if stride == 1 else 2 * m + 1))
        return cls(height, out, stride, side, ceil(out / side))

    @property
    def pays(self) -> bool:
        """Whether it is faster, as measured. On a map of one number the direct convolution skips the border, too."""
        return self.out > 1 and (self.stride == 1 or self.tiles == 1)

    @property
    def reach(self) -> int:
        """Side of the square that a tile is made of."""
        return self.stride * (self.side - 1) + 3

    @property
    def step(self) -> int:
        """From one tile to the next."""
        return self.stride * self.side

    @property
    def padded(self) -> int:
        """Side of the map with its border, and what more the last tile reaches."""
        return self.step * (self.tiles - 1) + self.reach


class _Winograd(torch.autograd.Function):
    """Four products forwards: of the map's tiles, of the weights, of the two with each other, and back.

    Letters: T tiles of p² numbers, q products a tile, C and O channels. Every tensor is taken as it lies in memory,
    channels last, so that nothing is copied but the tiles of maps that are more than one.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, plan: Tiling) -> Tensor:
        turned, weights = _turned(x, plan), _turned_weights(weight, plan)
        products = torch.bmm(turned.transpose(0, 1), weights.transpose(0, 1).mT)  # (q, T, O)
        ctx.save_for_backward(x, weight)  # not what was made of them, which is twice as large: both are kept anyway
        ctx.plan = plan
        join = _transforms(plan)[2].expand(len(turned), -1, -1)
        return _joined(torch.bmm(join, products.transpose(0, 1)), plan)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        (x, weight), of_x, of_weight = ctx.saved_tensors, None, None
        cut, kernel, join = _transforms(ctx.plan)
        of_tiles = _split(gradients[0], ctx.plan)  # (T, m², O)
        count = len(of_tiles)
        of_products = torch.bmm(join.mT.expand(count, -1, -1), of_tiles).transpose(0, 1)  # (q, T, O)
        if ctx.needs_input_grad[0]:
            of_turned = torch.bmm(of_products, _turned_weights(weight, ctx.plan).transpose(0, 1))  # (q, T, C)
            of_x = _added(torch.bmm(cut.mT.expand(count, -1, -1), of_turned.transpose(0, 1)), ctx.plan)
        if ctx.needs_input_grad[1]:
            of_weights = torch.bmm(of_products.mT, _turned(x, ctx.plan).transpose(0, 1))  # (q, O, C)
            of_taps = torch.bmm(kernel.mT.expand(len(weight), -1, -1), of_weights.transpose(0, 1))  # (O, 9, C)
            of_weight = of_taps.view(len(weight), 3, 3, -1).permute(0, 3, 1, 2)
        return of_x, of_weight, None


def _turned(x: Tensor, plan: Tiling) -> Tensor:
    """The map's tiles as they are multiplied, (T, q, C)."""
    tiles = _tiles(x, plan)  # (T, p², C)
    return torch.bmm(_transforms(plan)[0].expand(len(tiles), -1, -1), tiles)


def _turned_weights(weight: Tensor, plan: Tiling) -> Tensor:
    """The weights as they are multiplied, (O, q, C)."""
    taps = weight.permute(0, 2, 3, 1).reshape(len(weight), 9, -1)
    return torch.bmm(_transforms(plan)[1].expand(len(weight), -1, -1), taps)


@cache
def _transforms(plan: Tiling) -> tuple[Tensor, Tensor, Tensor]:
    """What turns a tile (q, p²), the nine taps (q, 9), and q products into the tile that goes out (m², q)."""
    m = plan.side
    if plan.stride == 1:
        cut, kernel, join = _cook_toom(m, 3)
    else:  # two convolutions: of the even places with the outer taps, and of the odd ones with the middle tap
        cut, kernel, join = np.zeros((2 * m + 1, 2 * m + 1)), np.zeros((2 * m + 1, 3)), np.zeros((m, 2 * m + 1))
        cut[: m + 1, ::2], kernel[: m + 1, ::2], join[:, : m + 1] = _cook_toom(m, 2)
        cut[m + 1 :, 1::2], kernel[m + 1 :, 1], join[:, m + 1 :] = np.eye(m), 1, np.eye(m)
    if plan.tiles == 1:
        cut, join = cut[:, 1 : 1 + plan.height], join[: plan.out]
    made = [torch.from_numpy(np.kron(of, of).astype(np.float32)) for of in (cut, kernel, join)]
    return made[0], made[1], made[2]


def _cook_toom(m: int, taps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """m numbers of a convolution with ``taps`` from q = m + taps − 1 products: (q, q), (q, taps), (m, q).

    The polynomials are multiplied at q − 1 points and at infinity.
    """
    q = m + taps - 1
    points = _POINTS[q - 1]
    cut, kernel, join = np.zeros((q, q)), np.zeros((q, taps)), np.zeros((m, q))
    for j, point in enumerate(points):
        others = [p for p in points if p != point]
        cut[j, :-1] = np.poly(others)[::-1]
        kernel[j] = np.power(float(point), np.arange(taps)) / np.prod([point - p for p in others])
        join[:, j] = np.power(float(point), np.arange(m))
    cut[-1] = np.poly(points)[::-1]
    kernel[-1, -1] = join[-1, -1] = 1
    return cut, kernel, join


def _tiles(x: Tensor, plan: Tiling) -> Tensor:
    """(n, C, H, H) → (T, p², C): the map itself, or overlapping tiles of the map with its border of zeros."""
    (n, channels, height, _), k = x.shape, plan.tiles
    x = x.permute(0, 2, 3, 1)
    if k == 1:
        return x.reshape(n, -1, channels)
    after = plan.padded - 1 - height
    x = functional.pad(x, (0, 0, 1, after, 1, after)).contiguous()
    image, row, column, _ = x.stride()
    shape = (n, k, k, plan.reach, plan.reach, channels)
    strides = (image, plan.step * row, plan.step * column, row, column, 1)
    return x.as_strided(shape, strides).reshape(n * k * k, -1, channels)


def _added(tiles: Tensor, plan: Tiling) -> Tensor:
    """The gradient of :func:`_tiles`: (T, p², C) → (n, C, H, H), a sum where tiles overlap."""
    k, height, reach, channels = plan.tiles, plan.height, plan.reach, tiles.shape[-1]
    if k == 1:
        return tiles.view(-1, height, height, channels).permute(0, 3, 1, 2)
    tiles = tiles.view(-1, k, k, reach, reach, channels)
    whole = tiles.new_zeros(len(tiles), plan.padded, plan.padded, channels)
    for i in range(k):
        for j in range(k):
            y, x = i * plan.step, j * plan.step
            whole[:, y : y + reach, x : x + reach] += tiles[:, i, j]
    return whole[:, 1 : height + 1, 1 : height + 1].permute(0, 3, 1, 2)


def _joined(tiles: Tensor, plan: Tiling) -> Tensor:
    """(T, m², O) → (n, O, H', H'): the tiles side by side, cut to the size of the map."""
    k, m, out, channels = plan.tiles, plan.side, plan.out, tiles.shape[-1]
    if k == 1:
        return tiles.view(-1, out, out, channels).permute(0, 3, 1, 2)
    whole = tiles.view(-1, k, k, m, m, channels).transpose(2, 3).reshape(-1, k * m, k * m, channels)
    return whole[:, :out, :out].permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


def _split(gradient: Tensor, plan: Tiling) -> Tensor:
    """The gradient of :func:`_joined`: (n, O, H', H') → (T, m², O)."""
    k, m, after, channels = plan.tiles, plan.side, plan.tiles * plan.side - plan.out, gradient.shape[1]
    gradient = gradient.permute(0, 2, 3, 1)
    if k == 1:
        return gradient.reshape(len(gradient), -1, channels)
    if after:
        gradient = functional.pad(gradient, (0, 0, 0, after, 0, after))
    return gradient.reshape(-1, k, m, k, m, channels).transpose(2, 3).reshape(-1, m * m, channels)
