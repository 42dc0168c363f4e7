"""Pictures that are there more than once: the same file, or nearly the same picture."""

from collections import defaultdict
from collections.abc import Sequence

import imagehash
import numpy as np
from PIL import Image
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

NEAR_BITS = 4
_FLAT = 2.0  # grey levels: below it a perceptual hash is made of rounding errors
_BLOCK_ROWS = 512  # × 13,000 hashes × 8 bytes = 53 MB at a time
_SMALL_PX = 256  # the hash looks at 32 px: halving a large photograph first changes nothing it sees


def perceptual_hash(rgb: Image.Image) -> str:
    """64 bits in hex that similar pictures share most of (imagehash's pHash); "" for a picture of one flat colour."""
    factor = min(rgb.size) // _SMALL_PX
    grey = (rgb.reduce(factor) if factor > 1 else rgb).convert("L")
    if np.asarray(grey).std() < _FLAT:
        return ""
    return str(imagehash.phash(grey))


def same_files(digests: Sequence[str]) -> list[list[int]]:
    """Groups of two and more positions with one digest."""
    groups: dict[str, list[int]] = defaultdict(list)
    for position, digest in enumerate(digests):
        groups[digest].append(position)
    return [group for digest, group in groups.items() if digest and len(group) > 1]


def near_pictures(hashes: Sequence[str], most_bits: int = NEAR_BITS) -> list[list[int]]:
    """Groups of positions joined by chains of hashes that differ in at most ``most_bits`` of 64; "" is near nothing."""
    known = np.array([position for position, text in enumerate(hashes) if text], dtype=np.int64)
    if len(known) < 2:
        return []
    numbers = np.array([int(text, 16) for text in hashes if text], dtype=np.uint64)
    distinct, place = np.unique(numbers, return_inverse=True)
    starts, ends = [np.arange(0)], [np.arange(0)]
    for first in range(0, len(distinct), _BLOCK_ROWS):
        # Only the part above the diagonal: distance is the same both ways.
        block = distinct[first : first + _BLOCK_ROWS, None] ^ distinct[None, first:]
        left, right = np.nonzero(np.bitwise_count(block) <= most_bits)
        starts.append(left + first)
        ends.append(right + first)
    edges = (np.concatenate(starts), np.concatenate(ends))
    size = len(distinct)
    joined = coo_matrix((np.ones(len(edges[0]), dtype=np.int8), edges), shape=(size, size))
    component = connected_components(joined, directed=False)[1][place]
    order = np.argsort(component, kind="stable")
    groups = np.split(known[order], np.flatnonzero(np.diff(component[order])) + 1)
    return sorted(sorted(group.tolist()) for group in groups if len(group) > 1)
