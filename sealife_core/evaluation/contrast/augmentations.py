"""Each change that the views know, alone and at growing strength: nothing is drawn at random here."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from sealife_core.views.sampling import COAST_FADE, COAST_LIGHT, OCEAN_FADE, OCEAN_LIGHT, ViewParameters

ChangeByAmount = Callable[[ViewParameters, float], dict[str, Tensor]]


@dataclass(frozen=True)
class Augmentation:
    """One change. amounts: growing in strength, the first changes nothing; words: of an amount; apply: the fields of
    the view parameters that it replaces; strongest: the place in ``amounts`` of the strongest that recipes draw."""

    name: str
    title: str
    amounts: tuple[float, ...]
    strongest: int
    words: str
    apply: ChangeByAmount

    def says(self, level: int) -> str:
        """What is done at ``level``, in the augmentation's own unit: "hue turned by 72°"."""
        return self.words.format(self.amounts[level]).replace("%", " %") if level else "unchanged"

    def changed(self, views: ViewParameters, level: int) -> ViewParameters:
        """``views`` with this one change."""
        return replace(views, **self.apply(views, self.amounts[level])) if level else views


def _jitter(position: int, of_amount: float = 1.0) -> ChangeByAmount:
    """position: in JITTER_OPERATIONS."""

    def change(views: ViewParameters, amount: float) -> dict[str, Tensor]:
        jitter = views.jitter.clone()
        jitter[:, position] = amount * of_amount
        return {"jitter": jitter}

    return change


def _crop(views: ViewParameters, area: float) -> dict[str, Tensor]:
    corner, sides = views.crop.split(2, 1)
    smaller = sides * area**0.5
    return {"crop": torch.cat([corner + (sides - smaller) / 2, smaller], 1)}


def _cast(views: ViewParameters, lost: float) -> dict[str, Tensor]:
    fade = torch.lerp(torch.tensor(OCEAN_FADE), torch.tensor(COAST_FADE), 0.5)  # water between ocean and coast
    return {"cast": ((1 - lost) ** fade).repeat(len(views), 1)}


def _haze(views: ViewParameters, veiled: float) -> dict[str, Tensor]:
    water = torch.lerp(torch.tensor(OCEAN_LIGHT), torch.tensor(COAST_LIGHT), 0.5)
    return {"haze": torch.full_like(views.haze, veiled), "water": water.repeat(len(views), 1)}


_WEAKER = (1.0, 0.8, 0.6, 0.4, 0.2, 0.1)
# As strong as the SimCLR recipe draws at most, and beyond; solarise, cast and haze, which it lacks: as other recipes.
AUGMENTATIONS = (
    Augmentation("hue", "Hue", (0, 18, 36, 72, 120, 180), 3, "hue turned by {:.0f}°", _jitter(3, 1 / 360)),
    Augmentation("saturation", "Saturation", _WEAKER, 4, "saturation × {:.1f}", _jitter(2)),
    Augmentation(
        "grayscale", "Grayscale", (0, 1), 1, "all colour removed",
        lambda views, _: {"grayscale": torch.ones_like(views.grayscale)},
    ),
    Augmentation("crop", "Crop", (1, 0.6, 0.35, 0.2, 0.08, 0.04), 4, "crop keeps {:.0%} of the area", _crop),
    Augmentation("brightness", "Brightness", _WEAKER, 4, "brightness × {:.1f}", _jitter(0)),
    Augmentation("contrast", "Contrast", _WEAKER, 4, "contrast × {:.1f}", _jitter(1)),
    Augmentation(
        "flip", "Flip", (0, 1), 1, "left and right swapped",
        lambda views, _: {"flip_x": torch.ones_like(views.flip_x)},
    ),
    Augmentation(
        "blur", "Blur", (0, 0.5, 1, 2, 4, 8), 3, "blurred, σ {:g} px at 224 px",
        lambda views, sigma: {"blur_sigma": torch.full_like(views.blur_sigma, sigma)},
    ),
    Augmentation(
        "solarise", "Solarise", (2, 0.9, 0.7, 0.5, 0.2), 3, "inverted above {:g} of white",
        lambda views, threshold: {"solarise": torch.full_like(views.solarise, threshold)},
    ),
    Augmentation("cast", "Colour cast", (0, 0.2, 0.4, 0.7, 0.95), 2, "{:.0%} of the red light gone", _cast),
    Augmentation("haze", "Haze", (0, 0.25, 0.5, 0.7, 0.9), 2, "{:.0%} veiled by the water's light", _haze),
)  # fmt: skip
BY_NAME = {augmentation.name: augmentation for augmentation in AUGMENTATIONS}
