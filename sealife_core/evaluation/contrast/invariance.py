"""What an encoder ignores: how similar its embedding of a changed picture is to that of the original.

Cosines of different encoders cannot be compared: those of an untrained ResNet are near 1 for any two pictures. So a
cosine is placed between two others, of the same encoder on the same pictures: the similarity that is *kept* is 1 where
the changed picture is to the encoder the original, and 0 where it is as unlike it as two different pictures are on
average. A cosine c becomes (c − b) / (1 − b), where b is the mean cosine of different pictures.
"""

from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from sealife_core.evaluation.classification.scores import middle_95, resampled
from sealife_core.evaluation.contrast.augmentations import AUGMENTATIONS, BY_NAME
from sealife_core.evaluation.contrast.view_encoder import ViewEncoder
from sealife_core.evaluation.embeddings.compute import on_every_core
from sealife_core.evaluation.embeddings.stored_embeddings import Space
from sealife_core.progress import Progress
from sealife_core.views.sampling import ViewParameters, centre_view
from sealife_core.views.transforms import apply_views

MINIMUM = 8  # pictures; with fewer, random choices of them say nothing
LEAST_COLOUR = 3.0  # of 255: the mean gap between the highest and the lowest of red, green and blue
_COLLAPSED = 1e-6  # mean cosine of different pictures this close to 1: rounding decides the rest

Point = tuple[str, int]  # name of an augmentation, level
Spaces = tuple[np.ndarray, np.ndarray | None]  # h and z


@dataclass(frozen=True)
class Response:
    """An encoder's answer to n pictures. cosines: of each augmentation, between original and changed picture;
    between: between the originals."""

    cosines: dict[str, Float[np.ndarray, "_ n"]]
    between: Float[np.ndarray, "n n"]

    @property
    def unrelated(self) -> float:
        """The mean cosine between different pictures."""
        n = len(self.between)
        return float((self.between.sum() - np.trace(self.between)) / (n * (n - 1)))

    @property
    def collapsed(self) -> bool:
        """Whether all pictures have the same embedding, so that nothing can be said."""
        return not 1 - self.unrelated > _COLLAPSED

    def kept(self, name: str) -> Float[np.ndarray, "levels n"]:
        """The similarity that each picture keeps under the augmentation ``name``: 1 identical, 0 unrelated."""
        return (self.cosines[name] - self.unrelated) / (1 - self.unrelated)

    def resampled(self, points: tuple[Point, ...]) -> Float[np.ndarray, " resamples"]:
        """The mean of what is kept at ``points``, for 2,000 random choices of the pictures (bootstrap).

        The choices are the same for every encoder: differences of two encoders on the same pictures are paired.
        """
        cosines = np.mean([self.cosines[name][level] for name, level in points], 0)
        unrelated = self._unrelated_resampled
        return (_choices(len(cosines)) @ cosines / len(cosines) - unrelated) / (1 - unrelated)

    @cached_property
    def _unrelated_resampled(self) -> Float[np.ndarray, " resamples"]:
        counts = _choices(len(self.between))
        alike = (counts @ self.between * counts).sum(1)
        # A picture that was drawn twice is not unrelated to itself: only different pictures count.
        return (alike - counts**2 @ np.diag(self.between)) / (len(self.between) ** 2 - (counts**2).sum(1))


@dataclass(frozen=True)
class KeptCurve:
    """Of each level: mean over pictures, its 95 % interval (low, high), and the 10th and 90th percentile."""

    mean: Float[np.ndarray, " levels"]
    low: Float[np.ndarray, " levels"]
    high: Float[np.ndarray, " levels"]
    tenth: Float[np.ndarray, " levels"]
    ninetieth: Float[np.ndarray, " levels"]


def is_grey(squares: UInt8[Tensor, "n h w 3"]) -> bool:
    """Whether pictures have hardly any colour, so that what changes colours leaves them as they are."""
    return float((squares.amax(-1) - squares.amin(-1)).float().mean()) < LEAST_COLOUR


def responses(
    seen: ViewEncoder, images: UInt8[Tensor, "n side side 3"], aspects: Float[Tensor, " n"],
    progress: Progress | None = None,
) -> dict[Space, Response]:  # fmt: skip
    """How h, and z where ``seen`` has a head, respond to each augmentation of the centre view. n: at least
    MINIMUM.

    images: squares that pictures were resized to; aspects: width / height of the originals.
    """
    centre = centre_view(aspects)

    def embedded(parameters: ViewParameters) -> Spaces:
        h, z = seen.embed(apply_views(images, parameters, seen.image_size_px))
        return _unit(h), None if z is None else _unit(z)

    def under(which: int) -> list[Spaces]:
        # Level by level: the views of all levels at once would not fit into the processor's cache.
        augmentation = AUGMENTATIONS[which]
        return [embedded(augmentation.changed(centre, level)) for level in range(1, len(augmentation.amounts))]

    original = embedded(centre)
    cosines: tuple[dict[str, np.ndarray], ...] = ({}, {})
    with closing(on_every_core(under, range(len(AUGMENTATIONS)), "cpu")) as found:
        for which, changed in enumerate(found):
            for of, start, after in zip(cosines, original, zip(*changed, strict=True), strict=True):
                if start is not None:
                    of[AUGMENTATIONS[which].name] = np.einsum("lnd,nd->ln", np.stack([start, *after]), start)
            if progress:
                progress("Changing pictures", which + 1, len(AUGMENTATIONS))
    spaces: tuple[Space, Space] = ("h", "z")
    return {
        space: Response(of, start @ start.T)
        for space, of, start in zip(spaces, cosines, original, strict=True)
        if start is not None
    }


def kept_curve(response: Response, name: str) -> KeptCurve:
    """The similarity kept, over the levels of the augmentation ``name``."""
    kept = response.kept(name)
    ends = [middle_95(response.resampled(((name, level),))) for level in range(len(kept))]
    low, high = np.transpose(ends)
    tenth, ninetieth = np.percentile(kept, (10, 90), axis=1)
    return KeptCurve(kept.mean(1), low, high, tenth, ninetieth)


def strongest(*names: str) -> tuple[Point, ...]:
    """The augmentations ``names``, each as strong as recipes draw it at most."""
    return tuple((name, BY_NAME[name].strongest) for name in names)


def _unit(features: Float[Tensor, "n d"]) -> Float[np.ndarray, "n d"]:
    return nn.functional.normalize(features.double(), dim=1).numpy()


@lru_cache(4)
def _choices(n: int) -> Float[np.ndarray, "resamples {n}"]:
    """How often each of n pictures is drawn in each resample."""
    return resampled(np.ones(n, np.int64), 0).T.astype(np.float64, order="C")
