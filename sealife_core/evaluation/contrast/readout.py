"""What was done to a picture, as a linear layer reads it from h and from z: SimCLR, section 4.2 (arXiv 2002.05709).

The paper's table 3 trains a network to tell which change was applied to a picture, and finds that h tells it far better
than z. Here a linear layer does, on a few pictures, so that it takes seconds. Its quizzes ask for changes that SimCLR's
views draw: light, colour and crop.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from sealife_core.evaluation.classification.scores import RESAMPLES
from sealife_core.evaluation.comparison.resampling import Interval, percentile_interval
from sealife_core.evaluation.contrast.augmentations import BY_NAME
from sealife_core.evaluation.contrast.view_encoder import ViewEncoder
from sealife_core.evaluation.embeddings.compute import on_every_core
from sealife_core.evaluation.embeddings.stored_embeddings import Space
from sealife_core.views.sampling import ViewParameters, centre_view
from sealife_core.views.transforms import apply_views

MINIMUM = 16  # pictures; with fewer, the layer has too few to learn from
_FOLDS = 4
_PENALTY = 1e-3  # of the squared length of all features; ten times more or less hardly changes what is read

ViewChange = Callable[[ViewParameters], ViewParameters]
Readout = dict[str, Float[np.ndarray, " n"]]
"""Of each quiz, by its name, the share of a picture's versions that was recognised, for each of n pictures."""


@dataclass(frozen=True)
class Quiz:
    """Which version of a picture is this? versions: what each is called, and how it is made; chance is equal."""

    name: str
    title: str
    versions: tuple[tuple[str, ViewChange], ...]

    @property
    def chance(self) -> float:
        """The share that guessing gets right."""
        return 1 / len(self.versions)


def _with(name: str, amount: float) -> ViewChange:
    return lambda views: replace(views, **BY_NAME[name].apply(views, amount))


def _quarter(right: int, down: int) -> ViewChange:
    def change(views: ViewParameters) -> ViewParameters:
        corner, sides = views.crop.split(2, 1)
        return replace(views, crop=torch.cat([corner + sides / 2 * torch.tensor([right, down]), sides / 2], 1))

    return change


AS_IT_IS = "as it is", lambda views: views
# Within what the SimCLR recipe draws: factors of 0.2 to 1.8, a hue turned by up to 72°, crops of 8 % of the area on.
QUIZZES = (
    Quiz(
        "brightness", "How bright?",
        (("darker", _with("brightness", 0.4)), AS_IT_IS, ("brighter", _with("brightness", 1.6))),
    ),
    Quiz(
        "contrast", "How much contrast?",
        (("less", _with("contrast", 0.4)), AS_IT_IS, ("more", _with("contrast", 1.6))),
    ),
    Quiz(
        "crop", "Which quarter?",
        tuple(
            (f"{'bottom' if down else 'top'} {'right' if right else 'left'}", _quarter(right, down))
            for down in (0, 1) for right in (0, 1)
        ),
    ),
    Quiz("hue", "Which hue?", (("−72°", _with("hue", -72)), AS_IT_IS, ("+72°", _with("hue", 72)))),
    Quiz(
        "saturation", "How colourful?",
        (("paler", _with("saturation", 0.4)), AS_IT_IS, ("more vivid", _with("saturation", 1.6))),
    ),
    Quiz("grayscale", "In colour?", (AS_IT_IS, ("grey", _with("grayscale", 1)))),
)  # fmt: skip


def readouts(
    seen: ViewEncoder, images: UInt8[Tensor, "n side side 3"], aspects: Float[Tensor, " n"]
) -> dict[Space, Readout]:
    """How well each quiz is answered from h, and from z where ``seen`` has a head. n: at least MINIMUM.

    images: squares that pictures were resized to; aspects: width / height of the originals.
    """
    centre = centre_view(aspects)
    changes = list(dict.fromkeys(change for quiz in QUIZZES for _, change in quiz.versions))

    def under(which: int) -> tuple[Tensor, Tensor | None]:
        return seen.embed(apply_views(images, changes[which](centre), seen.image_size_px))

    spaces: tuple[Space, ...] = ("h", "z") if seen.head else ("h",)
    features: dict[Space, dict[ViewChange, np.ndarray]] = {space: {} for space in spaces}
    with closing(on_every_core(under, range(len(changes)), "cpu")) as found:
        for which, of_spaces in enumerate(found):
            for space, of in zip(spaces, of_spaces, strict=False):
                if of is not None:
                    features[space][changes[which]] = of.double().numpy()
    return {
        space: {
            quiz.name: recognised(np.stack([of[change] for _, change in quiz.versions])) for quiz in QUIZZES
        }
        for space, of in features.items()
    }  # fmt: skip


def recognised(features: Float[np.ndarray, "versions n d"]) -> Float[np.ndarray, " n"]:
    """The share of each picture's versions that a linear layer recognises which learned from other pictures.

    features: of the same n pictures in each version. Ridge regression of the version, in four folds of pictures.
    """
    versions, n, _ = features.shape
    right = np.empty((versions, n), bool)
    for fold in range(_FOLDS):
        asked = np.arange(n) % _FOLDS == fold
        right[:, asked] = _guessed(features[:, ~asked], features[:, asked]) == np.arange(versions)[:, None]
    return right.mean(0)


def _guessed(
    known: Float[np.ndarray, "versions m d"], asked: Float[np.ndarray, "versions k d"]
) -> Int[np.ndarray, "versions k"]:
    versions, m, d = known.shape
    x = known.reshape(-1, d)
    mean, spread = x.mean(0), x.std(0) + 1e-9
    x = (x - mean) / spread
    targets = np.repeat(np.eye(versions), m, axis=0) - 1 / versions
    products = x @ x.T
    products.flat[:: len(products) + 1] += _PENALTY * np.trace(products) + 1e-9
    return ((asked - mean) / spread @ (x.T @ np.linalg.solve(products, targets))).argmax(-1)


def mean_score(found: Readout) -> float:
    """The share that was recognised, mean over quizzes."""
    return float(np.mean([right.mean() for right in found.values()]))


def advantage(one: Readout, other: Readout) -> Interval:
    """How much better ``one`` tells than ``other``, mean over quizzes, on the same pictures; the 95 % interval is a
    percentile bootstrap over the pictures."""
    gains = np.mean([one[name] - other[name] for name in one], 0)
    drawn = np.random.default_rng(0).choice(gains, (RESAMPLES, len(gains))).mean(1)
    return percentile_interval(float(gains.mean()), drawn)
