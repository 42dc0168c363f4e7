"""Stored features as the label queue uses them: standardised principal components, and which pictures look alike.

Nothing here depends on labels, so that a page computes it once for the embeddings of a run.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Float32, Int64

from sealife_core.evaluation.embeddings.neighbours import unit_rows

# Of 1,280 on photographs: as accurate a classifier with as few labels as a queue has, in a fraction of the time.
COMPONENTS = 256
# Cosine of components: on photographs, pairs above it are of one class, and most copies of a picture are above it.
ALIKE = 0.9
_BLOCK_ROWS = 1000  # compared with all at a time: 55 MB for 13,710 pictures


@dataclass(frozen=True)
class Points:
    """``values``: principal components of the pictures ``ids``, the largest first."""

    ids: tuple[str, ...]
    values: Float32[np.ndarray, "n d"]

    @cached_property
    def pairs(self) -> Int64[np.ndarray, "pairs 2"]:
        """Places i < j of pictures that look alike."""
        unit = unit_rows(self.values)
        found = [np.empty((0, 2), np.int64)]
        for start in range(0, len(unit), _BLOCK_ROWS):
            i, j = np.nonzero(unit[start : start + _BLOCK_ROWS] @ unit[start:].T > ALIKE)
            found.append(np.stack([i, j], axis=1)[i < j] + start)
        return np.concatenate(found)

    def look_like(self, place: int) -> list[int]:
        """The places of the pictures that look like the one at ``place``."""
        one, other = self.pairs.T
        return sorted([*other[one == place].tolist(), *one[other == place].tolist()])


def points_of(ids: Sequence[str], features: Float[np.ndarray, "n d"]) -> Points:
    """Standardised features, turned to their principal components; at most COMPONENTS are kept."""
    values = np.asarray(features, np.float32)
    values = (values - values.mean(0)) / (values.std(0) + 1e-6)
    _, components = np.linalg.eigh((values.T @ values).astype(np.float64))
    largest = components[:, ::-1][:, :COMPONENTS].astype(np.float32)
    return Points(tuple(ids), values @ largest)


def drawn(names: Sequence[str], seed: int) -> Float[np.ndarray, " n"]:
    """A number in [0, 1) for each name, the same in every data set and at every call with that seed."""
    digests = (hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=8).digest() for name in names)
    return np.array([int.from_bytes(digest) / 2**64 for digest in digests])


def reserved(
    ids: Sequence[str], of: Int64[np.ndarray, " n"], learned: Bool[np.ndarray, " n"], share: float, seed: int
) -> Int64[np.ndarray, " n"]:
    """A random ``share`` of the units ``of``, in two halves, 1 and 2; 0 for all others, and where one was ``learned``.

    Chosen before the first label, and never offered for training: only so is it a random sample of all pictures.
    """
    draw = drawn([f"reserved {ids[unit]}" for unit in of], seed)
    half = 1 + np.unique(draw, return_inverse=True)[1] % 2
    return np.where((draw < share) & ~np.isin(of, of[learned]), half, 0)
