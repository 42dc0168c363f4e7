"""Draws the parameters of views: crop, colours, blur. No pixels are used here.

All parameters of an image come from one row of uniform numbers, each from its own columns. So image i of a batch gets
the same view for any batch size, and changing one setting of a recipe changes only what this setting controls.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from sealife_core.config.views import ViewRecipe

CROP_TRIES = 10  # as torchvision's RandomResizedCrop
_NUMBERS = 2 * CROP_TRIES + 23  # that a view takes
JITTER_OPERATIONS = ("Brightness", "Contrast", "Saturation", "Hue")
# Attenuation of red, green and blue light in water, relative to red: in clear ocean it is lowest for blue, near the
# coast for green. Similar to Jerlov's water types I and 3C.
OCEAN_FADE, COAST_FADE = (1.0, 0.15, 0.07), (1.0, 0.3, 0.55)
# The colour of scattered light in these two waters, rgb.
OCEAN_LIGHT, COAST_LIGHT = (0.08, 0.38, 0.62), (0.20, 0.48, 0.42)


@dataclass(frozen=True)
class ViewParameters:
    """The view parameters of n images, the first dimension of every tensor. A neutral value means no change."""

    crop: Float[Tensor, "n 4"]  # x0, y0, width, height as fractions of the picture
    aspect: Float[Tensor, " n"]  # width / height of the picture that the crop is taken from
    flip_x: Bool[Tensor, " n"]  # left and right are swapped
    flip_y: Bool[Tensor, " n"]  # top and bottom are swapped
    jitter: Float[Tensor, "n 4"]  # factors of brightness, contrast, saturation; turn of the hue; neutral 1, 1, 1, 0
    order: Int[Tensor, "n 4"]  # the order of the four, as positions in JITTER_OPERATIONS
    grayscale: Bool[Tensor, " n"]
    cast: Float[Tensor, "n 3"]  # share of red, green and blue light that remains; neutral 1
    haze: Float[Tensor, " n"]  # share of the view that the water's light replaces; neutral 0
    water: Float[Tensor, "n 3"]  # the water's light, rgb in [0, 1]
    blur_sigma: Float[Tensor, " n"]  # px in a view 224 px wide; neutral 0
    solarise: Float[Tensor, " n"]  # pixels above it are inverted; neutral 2, which no pixel reaches

    def __len__(self) -> int:
        return len(self.crop)

    def to(self, device: torch.device | str) -> "ViewParameters":
        """The same parameters on ``device``."""
        return ViewParameters(*(getattr(self, f.name).to(device, non_blocking=True) for f in fields(self)))

    def __getitem__(self, rows: int | slice | Int[Tensor, " m"]) -> "ViewParameters":
        """The parameters of some of the images: one, a slice, or positions."""
        if isinstance(rows, int):
            rows = slice(rows, rows + 1 or None)
        return ViewParameters(*(getattr(self, f.name)[rows] for f in fields(self)))

    @staticmethod
    def cat(parts: "list[ViewParameters]") -> "ViewParameters":
        """The parameters of several batches, concatenated."""
        return ViewParameters(*(torch.cat([getattr(p, f.name) for p in parts]) for f in fields(ViewParameters)))

    def describe(self, i: int) -> dict[str, str]:
        """The changes of image ``i`` in words, in the order of their application; neutral ones are left out."""
        width, height = self.crop[i, 2:].tolist()
        shape = width / height * float(self.aspect[i])
        words = {"Crop": f"{width * height:.0%} of the picture, {shape:.2f} : 1".replace("%", " %")}
        flips = [word for word, on in (("left-right", self.flip_x[i]), ("top-bottom", self.flip_y[i])) if on]
        if flips:
            words["Flip"] = " and ".join(flips)
        for j in self.order[i].tolist():
            value = float(self.jitter[i, j])
            if j < 3 and value != 1:
                words[JITTER_OPERATIONS[j]] = f"× {value:.2f}"
            elif j == 3 and value != 0:
                words["Hue"] = f"{360 * value:+.0f}°".replace("-", "−")
        if self.grayscale[i]:
            words["Grayscale"] = "all colour removed"
        red, green, blue = self.cast[i].tolist()
        if min(red, green, blue) < 1:
            words["Cast"] = f"red × {red:.2f}, green × {green:.2f}, blue × {blue:.2f}"
        if self.haze[i] > 0:
            words["Haze"] = f"{float(self.haze[i]):.0%} veiled by the water's light".replace("%", " %")
        if self.blur_sigma[i] > 0:
            words["Blur"] = f"σ {float(self.blur_sigma[i]):.1f} px at 224 px"
        if self.solarise[i] <= 1:
            words["Solarise"] = f"above {float(self.solarise[i]):.2f} inverted"
        return words


def generator_for(*numbers: int) -> torch.Generator:
    """A CPU generator that depends only on ``numbers`` (seed, epoch, step, view, …): a resumed run draws the same."""
    digest = hashlib.sha256(",".join(map(str, numbers)).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)


def draw_views(
    recipe: ViewRecipe, aspects: Float[Tensor, " n"], generator: torch.Generator | Sequence[torch.Generator],
    share: tuple[int, int] = (0, 1),
) -> ViewParameters:  # fmt: skip
    """The parameters of one view of each image, on the CPU. ``aspects``: width / height of the originals.

    generator: of the batch, or one of each image. share: (rank, world size) if these images are one of several equal
    parts of a batch; they get the same views as in the whole batch.
    """
    aspects = aspects.to("cpu", torch.float32)
    part, parts = share
    n = len(aspects)
    if isinstance(generator, torch.Generator):
        numbers = torch.rand(parts * n, _NUMBERS, generator=generator)[part * n :][:n]
    else:
        numbers = torch.cat([torch.rand(1, _NUMBERS, generator=own) for own in generator])
    columns = iter(numbers.T)

    def uniform(low: float | Tensor = 0.0, high: float | Tensor = 1.0) -> Tensor:
        return low + (high - low) * next(columns)

    def happens(probability: float) -> Tensor:
        return next(columns) < probability

    crop = _draw_crops(recipe, aspects, uniform)
    flip_x, flip_y = happens(recipe.horizontal_flip), happens(recipe.vertical_flip)
    jittered = happens(recipe.jitter)
    ranges = [recipe.strength * r for r in (recipe.brightness, recipe.contrast, recipe.saturation)]
    # As in torchvision: factors are at least 0 and the hue turns by at most a half, however strong the recipe is.
    turn = min(recipe.strength * recipe.hue, 0.5)
    factors = [uniform(max(0.0, 1 - r), 1 + r) for r in ranges] + [uniform(-turn, turn)]
    neutral = torch.tensor([1.0, 1.0, 1.0, 0.0])
    jitter = torch.where(jittered[:, None], torch.stack(factors, 1), neutral)
    order = torch.stack([next(columns) for _ in range(4)], 1).argsort(1)
    grayscale = happens(recipe.grayscale)

    coast = uniform()[:, None]  # 0: open ocean, 1: coastal water; the same water for cast and haze
    remaining_red = torch.where(happens(recipe.cast), 1 - uniform(0, recipe.cast_strength), 1.0)
    # Light fades exponentially with depth (Beer and Lambert); 1e-4 keeps 0 ** 0.07 from being exactly black.
    fade = torch.lerp(torch.tensor(OCEAN_FADE), torch.tensor(COAST_FADE), coast)
    cast = remaining_red.clamp_min(1e-4)[:, None] ** fade
    haze = torch.where(happens(recipe.haze), uniform(0, recipe.haze_strength), 0.0)
    water = torch.lerp(torch.tensor(OCEAN_LIGHT), torch.tensor(COAST_LIGHT), coast) * uniform(0.7, 1.3)[:, None]

    blur_sigma = torch.where(happens(recipe.blur), uniform(recipe.blur_sigma_min, recipe.blur_sigma_max), 0.0)
    solarise = torch.where(happens(recipe.solarise), recipe.solarise_threshold, 2.0)
    return ViewParameters(
        crop, aspects, flip_x, flip_y, jitter, order, grayscale, cast, haze, water, blur_sigma, solarise
    )


def _draw_crops(recipe: ViewRecipe, aspects: Tensor, uniform) -> Tensor:
    """(n, 4) boxes as from torchvision's RandomResizedCrop.get_params, all tries at once, without rounding to pixels.

    Up to ten tries with uniform area and log-uniform aspect ratio, in pixels of the *original* and not of its square;
    the first box that fits is used, else the largest centred box with an allowed aspect ratio.
    """
    aspect = aspects[:, None]
    stretch = math.log(recipe.crop_ratio_max)
    area = torch.stack([uniform(recipe.crop_scale_min, recipe.crop_scale_max) for _ in range(CROP_TRIES)], 1)
    ratio = torch.stack([uniform(-stretch, stretch) for _ in range(CROP_TRIES)], 1).exp()
    widths, heights = (area * ratio / aspect).sqrt(), (area * aspect / ratio).sqrt()
    fits = (widths <= 1) & (heights <= 1)
    first = fits.int().argmax(1, keepdim=True)  # argmax gives the first of equals
    found = fits.any(1)
    width = torch.where(found, widths.gather(1, first)[:, 0], (recipe.crop_ratio_max / aspects).clamp_max(1))
    height = torch.where(found, heights.gather(1, first)[:, 0], (recipe.crop_ratio_max * aspects).clamp_max(1))
    x, y = uniform(), uniform()
    centre = torch.full_like(x, 0.5)
    x0 = torch.where(found, x, centre) * (1 - width)
    y0 = torch.where(found, y, centre) * (1 - height)
    return torch.stack([x0, y0, width, height], 1)


def centre_view(aspects: Float[Tensor, " n"]) -> ViewParameters:
    """The deterministic view of evaluation: the largest centred square of each picture, without colour changes."""
    aspects = aspects.to("cpu", torch.float32)
    n = len(aspects)
    width, height = (1 / aspects).clamp_max(1), aspects.clamp_max(1)
    no = torch.zeros(n, dtype=torch.bool)
    return ViewParameters(
        crop=torch.stack([(1 - width) / 2, (1 - height) / 2, width, height], 1),
        aspect=aspects,
        flip_x=no,
        flip_y=no,
        jitter=torch.tensor([1.0, 1.0, 1.0, 0.0]).repeat(n, 1),
        order=torch.arange(4).repeat(n, 1),
        grayscale=no,
        cast=torch.ones(n, 3),
        haze=torch.zeros(n),
        water=torch.zeros(n, 3),
        blur_sigma=torch.zeros(n),
        solarise=torch.full((n,), 2.0),
    )
