"""Duplicates: the same file, or nearly the same picture.

A perceptual hash proposes pairs, the colours on a coarse grid confirm them: most unlike pairs that the hash proposes
are a bright animal on black, and differ in colour. Copies saved again, halved or brightened are nearly all found, most
with a little cut off; of those with a white mark in a corner some are not.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np
from PIL import Image
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

NEAR_BITS = 8
NEAR_CORRELATION = 0.9
_GRID = 16  # cells a side of the coarse picture
_FLAT = 2.0  # grey levels: below it a perceptual hash is made of rounding errors
_WORDS, _WORD_BITS = 4, 16  # of a hash
_BLOCK_PAIRS = 2**21  # compared at a time: some 100 MB
_BLOCK_COLOURS = 4096  # pairs whose colours are compared at a time
_HASH_PX, _HASH_WAVES = 32, 8  # a hash has a bit for each of the 8 × 8 slowest waves of 32 × 32 pixels
# (8, 32): the slowest waves of the cosine transform (DCT-II). The hash does not depend on their scale.
_COSINES = np.cos(np.pi / _HASH_PX * np.outer(np.arange(_HASH_WAVES), np.arange(_HASH_PX) + 0.5))


def hashed_pixels(rgb: Image.Image) -> bytes:
    """The 32 × 32 grey levels that a perceptual hash is made of, row by row."""
    # Nearly all of the shrinking is averaging of whole pixels: half the time of a filter, and within its noise.
    small = rgb.resize((_HASH_PX, _HASH_PX), Image.Resampling.BICUBIC, reducing_gap=1.0)
    return small.convert("L").tobytes()


def perceptual_hashes(pixels: Sequence[bytes]) -> list[str]:
    """64 bits in hex for each of some ``hashed_pixels``; similar pictures share most; "" for a flat colour.

    imagehash's pHash, for many at once: which of the 64 slowest waves are stronger than their median.
    """
    grey = np.frombuffer(b"".join(pixels), np.uint8).reshape(-1, _HASH_PX, _HASH_PX).astype(np.float64)
    waves = (_COSINES @ grey @ _COSINES.T).reshape(len(grey), _HASH_WAVES**2)
    bits = np.packbits(waves > np.median(waves, axis=1, keepdims=True), axis=1)
    flat = grey.std(axis=(1, 2)) < _FLAT
    return ["" if none else row.tobytes().hex() for row, none in zip(bits, flat.tolist(), strict=True)]


def perceptual_hash(rgb: Image.Image) -> str:
    """The hash of one picture."""
    return perceptual_hashes([hashed_pixels(rgb)])[0]


def coarse_colours(rgb: Image.Image) -> np.ndarray:
    """(768,) float32 of length 1: the colours on a 16 × 16 grid, less their mean. A product of two is a correlation."""
    grid = np.asarray(rgb.resize((_GRID, _GRID), Image.Resampling.BOX), dtype=np.float32).ravel()
    grid = grid - grid.mean()
    return grid / max(float(np.linalg.norm(grid)), 1e-6)


def places_of_equal(texts: Sequence[str]) -> list[list[int]]:
    """Groups of two and more positions with one text; "" is none."""
    groups: dict[str, list[int]] = defaultdict(list)
    for position, text in enumerate(texts):
        groups[text].append(position)
    return [group for text, group in groups.items() if text and len(group) > 1]


def links(groups: Iterable[Sequence[int]]) -> np.ndarray:
    """(P, 2) int64: pairs of positions that join each of ``groups``."""
    return np.array([(group[0], each) for group in groups for each in group], np.int64).reshape(-1, 2)


def kept_together(pairs: np.ndarray, groups: Sequence[str]) -> list[list[int]]:
    """As :func:`joined`, by ``pairs`` and by the group of each position; "" is none."""
    return joined(np.concatenate([pairs, links(places_of_equal(groups))]), len(groups))


def units(pairs: np.ndarray, groups: Sequence[str]) -> np.ndarray:
    """(n,) int64: for each position the first of those that it is :func:`kept_together` with."""
    first = np.arange(len(groups))
    for together in kept_together(pairs, groups):
        first[together] = together[0]
    return first


def near_pictures(hashes: Sequence[str], colours: Callable[[list[int]], np.ndarray]) -> list[list[int]]:
    """Groups of two and more positions, joined by chains of near pairs.

    ``hashes``: of ``perceptual_hash``; ``colours``: gives ``coarse_colours`` (n, 768) of the positions that are
    asked for, zeros for a picture that cannot be read (it has no duplicates).
    """
    pairs = propose(hashes)
    asked, place = np.unique(pairs, return_inverse=True)
    if not len(asked):
        return []
    seen = colours(asked.tolist())
    places = place.reshape(pairs.shape)
    near = [
        np.einsum("pc,pc->p", seen[block[:, 0]], seen[block[:, 1]]) > NEAR_CORRELATION
        for block in np.split(places, range(_BLOCK_COLOURS, len(places), _BLOCK_COLOURS))
    ]
    return [asked[group].tolist() for group in joined(places[np.concatenate(near)], len(asked))]


def joined(pairs: np.ndarray, count: int) -> list[list[int]]:
    """Groups of two and more of ``count`` positions, joined by chains of ``pairs`` (P, 2); by their first position."""
    links = coo_matrix((np.ones(len(pairs), dtype=np.int8), pairs.T), shape=(count, count))
    component = connected_components(links, directed=False)[1]
    order = np.argsort(component, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(component[order])) + 1)
    return [group.tolist() for group in groups if len(group) > 1]


def propose(hashes: Sequence[str], most_bits: int = NEAR_BITS) -> np.ndarray:
    """(P, 2) int64: pairs of positions whose hashes differ in at most ``most_bits`` of 64; "" has no duplicates.

    Of positions with one and the same hash, each is paired with the first of them only, so that a thousand frames of
    a still scene do not make half a million pairs.
    """
    known = np.array([position for position, text in enumerate(hashes) if text], dtype=np.int64)
    numbers = np.array([int(text, 16) for text in hashes if text], dtype=np.uint64)
    distinct, first, place = np.unique(numbers, return_index=True, return_inverse=True)
    again = np.setdiff1d(np.arange(len(known)), first)
    pairs = [np.stack([known[first[place[again]]], known[again]], axis=1)]
    left, right = first[_within(distinct, most_bits)]
    return np.concatenate([*pairs, np.stack([known[left], known[right]], axis=1)])


def _within(numbers: np.ndarray, most_bits: int) -> np.ndarray:
    """(2, P) int64: places i < j of ``numbers`` (n,) uint64, all different, that differ in at most ``most_bits``.

    Multi-index hashing (Norouzi et al. 2012), exact: of two numbers that differ in 8 bits, one of the four 16-bit words
    differs in 2 bits, or one of the other three in 1, so that only those are compared in which a word all but agrees:
    one pair in 350, where hashes are spread evenly.
    """
    n, found = len(numbers), [np.empty(0, dtype=np.int64)]
    for word, most in enumerate(_budgets(most_bits)):
        key = (numbers >> np.uint64(_WORD_BITS * word)).astype(np.uint16)
        order = np.argsort(key, kind="stable")
        key = key[order].astype(np.int64)
        begins = np.searchsorted(key, np.arange(2**_WORD_BITS + 1))
        for mask in _masks(most):
            partners = key ^ mask
            # Each two keys that meet in a mask do so twice: once is enough, and of equal ones the later places.
            begin = np.where(partners > key, begins[partners], np.arange(1, n + 1) if mask == 0 else 0)
            end = np.where((partners > key) | (mask == 0), begins[partners + 1], 0)
            for one, other in _expanded(begin, np.maximum(end, begin)):
                one, other = order[one], order[other]
                near = np.bitwise_count(numbers[one] ^ numbers[other]) <= most_bits
                one, other = one[near], other[near]
                found.append(np.minimum(one, other) * n + np.maximum(one, other))
    return np.stack(np.divmod(np.unique(np.concatenate(found)), max(n, 1)))


def _budgets(most_bits: int) -> list[int]:
    """For each word the bits that may differ, so that one word keeps to its own wherever all keep to ``most_bits``."""
    spare = most_bits + 1 - _WORDS  # were each word over its budget, the sum would be over most_bits
    return [spare // _WORDS + (word < spare % _WORDS) for word in range(_WORDS)]


def _masks(most: int) -> list[int]:
    """All words of at most ``most`` bits; none for -1."""
    return [
        sum(1 << bit for bit in bits) for count in range(most + 1) for bits in combinations(range(_WORD_BITS), count)
    ]


def _expanded(begin: np.ndarray, end: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs (i, begin[i]), (i, begin[i] + 1) … (i, end[i] - 1) of every i, about _BLOCK_PAIRS at a time."""
    rows = np.flatnonzero(end > begin)
    counts = (end - begin)[rows]
    total = np.cumsum(counts)
    for block in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(total // _BLOCK_PAIRS)) + 1):
        if len(block):
            repeats = counts[block]
            offsets = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
            yield np.repeat(rows[block], repeats), np.repeat(begin[rows[block]], repeats) + offsets
