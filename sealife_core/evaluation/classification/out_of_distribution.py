"""Out-of-distribution detection: is a picture unlike the training images, by its pixels and every stage of the encoder?

A classifier gives an answer for every picture, even for a shoe. For a picture like the training images, the spatial
mean of the output of each stage (colours, textures, in later stages shapes) is close to those of the training images;
so are brightness, contrast and sharpness of its pixels. The distance is a Mahalanobis distance per stage (Lee et al.
2018, arXiv 1807.03888; here without classes, with the shrunk covariance of Ledoit and Wolf 2004). Validation images,
which the model has not seen, set the scale.

It detects other colours and textures, screenshots and pages of text. It misses drawings among colourful photographs,
noise if the encoder has learned to ignore it, and possibly a photograph of something else. With n validation images one
in n + 1 of the test images counts as unlike.
"""

import io
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Float64
from scipy.linalg import solve_triangular

from sealife_core.durable import replacing
from sealife_core.errors import RunError
from sealife_core.models.facts import STAGE_NAMES
from sealife_core.wording import counted

FILE = "novelty.npz"
STAGES = ("pixels", *STAGE_NAMES)
PERCENTILE = 99  # of validation images: one in a hundred pictures of known classes is a false alarm
TELLS_SOME = 0.6
_STRENGTHS = (
    (0.9, "It notices most animals of unknown classes"),
    (0.75, "It notices many animals of unknown classes, but misses others"),
    (TELLS_SOME, "It notices few animals of unknown classes"),
    (0.0, "It cannot tell an animal of an unknown class from the known ones"),
)
_FORMAT = 1
LEAST_CONTRAST = 0.01  # in normalised colours, about half a step of 8 bits: less contrast counts as none

Means = dict[str, Float32[np.ndarray, "_ _"]]
"""Stage → the spatial mean of the stage's output for each of n images.

For "pixels", of each colour: the mean, the logarithm of the standard deviation, and the logarithms of the mean absolute
differences of neighbouring pixels, vertically and horizontally.
"""


@dataclass(frozen=True, eq=False)
class StageGaussian:
    """A Gaussian fitted to the training images in one stage.

    The Mahalanobis distance of x is |(x - mean) @ whitening|. median, spread: of its logarithm over validation images;
    the spread is the interquartile range.
    """

    mean: Float32[np.ndarray, " d"]
    whitening: Float32[np.ndarray, "d d"]
    median: float = 0.0
    spread: float = 1.0

    def distance(self, means: Float32[np.ndarray, "n d"]) -> Float64[np.ndarray, " n"]:
        """The log distance of each picture, minus the median, in units of the spread."""
        far = np.linalg.norm((means.astype(np.float64) - self.mean) @ self.whitening, axis=1)
        return (np.log(np.maximum(far, 1e-12)) - self.median) / self.spread


@dataclass(frozen=True, eq=False)
class OutOfDistribution:
    """The detector: a picture is out of distribution if its score in any of ``stages`` is above ``threshold``.

    threshold: the 99th percentile of the scores of the ``n_val`` validation images (the largest if there are fewer than
    a hundred). n_train: how many training images the Gaussians were fitted to. cache_size_px: the size at which they
    were decoded; pictures decoded at another size are blurred differently and would have other scores. auroc: of
    ``left_out_classes.left_out_auroc``; None if it was not measured.
    """

    stages: dict[str, StageGaussian]
    threshold: float
    n_train: int
    n_val: int
    cache_size_px: int
    auroc: float | None = None

    def score(self, means: Means) -> Float64[np.ndarray, " n"]:
        """The largest :meth:`StageGaussian.distance` over the stages, of each picture.

        0 is the median validation image; pictures closer to the training images are below 0.
        """
        return np.max([stage.distance(means[name]) for name, stage in self.stages.items()], axis=0)

    def unlike(self, score: float) -> bool:
        """Whether a picture with this score is out of distribution. NaN is."""
        return not score <= self.threshold

    @property
    def false_alarms(self) -> float:
        """The expected share of false alarms among pictures of known classes, from the number of validation images."""
        return 1 - (int(np.ceil(PERCENTILE / 100 * (self.n_val - 1))) + 1) / (self.n_val + 1)

    def sentence(self, score: float) -> str:
        """The warning for a picture with this score; "" if it is not out of distribution."""
        if not self.unlike(score):
            return ""
        share = f"{PERCENTILE} % of the" if self.n_val >= 100 else "each of the"
        unsure = ""
        if self.auroc is not None and self.auroc < TELLS_SOME:
            unsure = f" This model cannot tell whether it shows an unknown animal (AUROC {self.auroc:.2f})."
        return (
            "Looks unlike the training images: its colours, textures or shapes differ more from"
            f" {counted(self.n_train, 'training image')} than those of {share}"
            f" {counted(self.n_val, 'validation image')} do (novelty {score:.1f}, warning above"
            f" {self.threshold:.1f}). The prediction may be meaningless.{unsure}"
        )

    @property
    def caveat(self) -> str:
        """How reliable a warning is, and how reliable its absence."""
        few = f" {counted(self.n_train, 'training image')} are few for this check." if self.n_train < 500 else ""
        return (
            f"About one in {round(1 / self.false_alarms):,} pictures of known animals gets this warning by mistake."
            f"{few} {self.strength} A picture with the colours and textures of the training images gets no warning,"
            " whatever it shows."
        )

    @property
    def strength(self) -> str:
        """How well animals of unknown classes are detected, from the measured AUROC."""
        if self.auroc is None:
            return "How well it notices an animal of an unknown class was not measured."
        said = next(words for least, words in _STRENGTHS if self.auroc >= least)
        return (
            f"{said}: AUROC {self.auroc:.2f} (0.5 is guessing, 1 is perfect), tested on classes that this check had not"
            " seen."
        )


def measure(train: Means, val: Means, cache_size_px: int) -> OutOfDistribution:
    """The detector fitted to training and validation images that were decoded at ``cache_size_px``.

    Raises RunError if there are too few.
    """
    n_train, n_val = len(train[STAGES[0]]), len(val[STAGES[0]])
    if n_train < 2 or n_val < 1:
        raise RunError(
            f"There are {n_train} training and {n_val} validation images; at least 2 and 1 are needed to detect"
            " pictures unlike them. Split the data set so that it has both."
        )
    stages = {name: gaussian_of(train[name], val[name]) for name in STAGES}
    ood = OutOfDistribution(stages, np.inf, n_train, n_val, cache_size_px)
    return replace(ood, threshold=float(np.percentile(ood.score(val), PERCENTILE, method="higher")))


def gaussian_of(train: Float32[np.ndarray, "n d"], val: Float32[np.ndarray, "m d"]) -> StageGaussian:
    """The Gaussian of one stage fitted to ``train``, with the scale set by ``val``."""
    values = train.astype(np.float64)
    mean, std = values.mean(0), values.std(0)
    # A channel that is constant in training may vary for a foreign picture: that counts, but within bounds.
    scale = np.maximum(std, max(0.01 * float(std.mean()), 1e-6))
    covariance = shrunk_covariance((values - mean) / scale)
    # Identical training images have no covariance at all.
    covariance.flat[:: len(covariance) + 1] += 1e-6
    lower = np.linalg.cholesky(covariance)  # |lower⁻¹ x|² is xᵀ covariance⁻¹ x
    whitening = solve_triangular(lower, np.eye(len(lower)), lower=True, overwrite_b=True).T / scale[:, None]
    bare = StageGaussian(mean.astype(np.float32), whitening.astype(np.float32))
    low, median, high = np.percentile(bare.distance(val), [25, 50, 75])
    # Few validation images may have the same distance by chance; many images always have a spread above 5 %.
    return replace(bare, median=float(median), spread=float(max(high - low, 0.05)))


def shrunk_covariance(values: Float[np.ndarray, "n d"]) -> Float64[np.ndarray, "d d"]:
    """The covariance of centred ``values``, shrunk towards a sphere (Ledoit and Wolf 2004).

    Equal to scikit-learn's ``ledoit_wolf``, with one matrix product instead of two: the sum of all entries of (X²)ᵀX²
    is the sum of the squared row lengths of X². In single precision: the shrinkage is larger than the rounding error.
    """
    n, d = values.shape
    single = values.astype(np.float32)
    covariance = (single.T @ single).astype(np.float64) / n
    lengths = np.einsum("nd,nd->n", values, values)
    mean, squares = np.trace(covariance) / d, np.einsum("ij,ij->", covariance, covariance)
    noise = (float(lengths @ lengths) / n - squares) / (n * d)
    spread = squares / d - mean**2
    shrinkage = max(0.0, min(noise, spread)) / spread if spread > 0 else 0.0
    covariance *= 1 - shrinkage
    covariance.flat[:: d + 1] += shrinkage * mean
    return covariance


def write_ood(folder: Path, ood: OutOfDistribution) -> None:
    """Store ``ood`` as FOLDER/novelty.npz, beside its model.

    Arrays ``<stage>.mean`` (d,) and ``<stage>.whitening`` (d, d) float32, ``<stage>.scale`` (median, spread); and
    ``format``, ``threshold``, ``n_train``, ``n_val``, ``cache_size_px``; and ``auroc`` if it was measured.
    """
    names = ("threshold", "n_train", "n_val", "cache_size_px", "auroc")
    held: dict[str, Any] = {name: getattr(ood, name) for name in names if getattr(ood, name) is not None}
    for name, stage in ood.stages.items():
        held |= {f"{name}.mean": stage.mean, f"{name}.whitening": stage.whitening}
        held[f"{name}.scale"] = np.array([stage.median, stage.spread])
    with replacing(folder / FILE) as file:
        np.savez(file, format=_FORMAT, **held)


def read_ood(folder: Path, feature_dim: int) -> OutOfDistribution | None:
    """The detector stored by :func:`write_ood` for an encoder of ``feature_dim`` features, or None. Raises RunError."""
    path = folder / FILE
    if not path.exists():
        return None
    try:
        # Not from the path: NumPy would leave a damaged file open.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as held:
            stages = {name: _read_stage(held, name) for name in STAGES}
            counts = [int(held[name]) for name in ("n_train", "n_val", "cache_size_px")]
            auroc = float(held["auroc"]) if "auroc" in held else None
            ood = OutOfDistribution(stages, float(held["threshold"]), *counts, auroc=auroc)
            sound = int(held["format"]) == _FORMAT and len(stages["layer4"].mean) == feature_dim and min(counts) > 0
    except (OSError, ValueError, TypeError, LookupError, EOFError, RuntimeError, AttributeError, zipfile.BadZipFile):
        sound = False
    if not sound:
        raise RunError(
            f"'{FILE}' in '{folder.name}' is damaged or belongs to another model, so pictures unlike the training"
            " images cannot be detected. Copy it again from the run, or delete it: it is then made again on a"
            " machine that has the data set."
        )
    return ood


def _read_stage(held: Any, name: str) -> StageGaussian:
    mean, whitening, (median, spread) = held[f"{name}.mean"], held[f"{name}.whitening"], held[f"{name}.scale"]
    if whitening.shape != (len(mean), len(mean)) or not (np.isfinite(whitening).all() and spread > 0):
        raise ValueError(f"the statistics of {name} contradict each other")
    return StageGaussian(mean, whitening, float(median), float(spread))
