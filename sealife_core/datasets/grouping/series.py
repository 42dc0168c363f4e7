"""Series that have no group: pictures with consecutive names that look alike, such as frames of a film.

Two pictures of one class are hardly ever within SERIES_BITS by chance; frames between which the camera moved by a few
percent of their width are.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import PurePosixPath

import numpy as np

from sealife_core.datasets.duplicates import joined
from sealife_core.datasets.grouping.patterns import Pattern, groups_of, numbered
from sealife_core.wording import counted

SERIES_BITS = 14  # of 64; of copies, 8
# A pattern with which a group would be larger than this share of all images divides nothing.
_LARGEST_SHARE = 0.5
_TOGETHER = 0.95  # share of the series that a pattern worth naming keeps whole
_TRIED = (
    Pattern("stem"), Pattern("parent"), Pattern("grandparent"), *(Pattern("part", part=number) for number in (1, 2, 3)),
)  # fmt: skip


def look_alike_series(names: Sequence[str], hashes: Sequence[str]) -> list[list[int]]:
    """Groups of two and more positions: each next to another by its name, and with nearly the same picture.

    names: of the files when they were imported; hashes: of ``perceptual_hash``. Next to each other are the numbers at
    the end of two names that are the same otherwise, in one folder or wherever they are: frames of one film may lie in
    the folders of their classes.
    """
    series: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for row, (name, known) in enumerate(zip(names, hashes, strict=True)):
        path = PurePosixPath(name.replace("\\", "/"))
        if known and (told := numbered(path.stem)):
            head, number = told
            for folder in {str(path.parent), "*"}:
                series[folder, head].append((number, row))
    rows = [[row for _, row in sorted(of)] for of in series.values()]
    pairs = np.array([pair for of in rows for pair in pairwise(of)], dtype=np.int64).reshape(-1, 2)
    bits = np.array([int(known or "0", 16) for known in hashes], dtype=np.uint64)
    alike = np.bitwise_count(bits[pairs[:, 0]] ^ bits[pairs[:, 1]]) <= SERIES_BITS
    return joined(pairs[alike], len(names))


def suggested(
    names: Sequence[str], labels: Sequence[str], series: Sequence[Sequence[int]]
) -> tuple[Pattern, int] | None:
    """The pattern that keeps nearly all ``series`` whole in the most groups of two and more images, and how many these
    are; None if there is none. A pattern that only gives back the classes does not count.
    """
    best: tuple[Pattern, int] | None = None
    for pattern in _TRIED:
        groups = groups_of(pattern, names, list)
        whole = sum(bool(groups[rows[0]]) and len({groups[row] for row in rows}) == 1 for rows in series)
        sizes = np.unique([group for group in groups if group], return_counts=True)[1]
        if whole < _TOGETHER * len(series) or not len(sizes) or sizes.max() > _LARGEST_SHARE * len(names):
            continue
        kept_together = int((sizes > 1).sum())
        classes = len(set(zip(groups, labels, strict=True))) == len(set(labels)) == len(set(groups))
        if not classes and (best is None or kept_together > best[1]):
            best = pattern, kept_together
    return best


def note_on(count: int, suggestion: tuple[Pattern, int] | None) -> str:
    """A sentence on ``count`` series that straddle splits, and one on what to do."""
    what = counted(count, "series of look-alikes has", "series of look-alikes have")
    said = f"{what} no group and straddle{'s' if count == 1 else ''} splits: these seem to be frames of films."
    if suggestion is None:
        return f"{said} Group them by date, or by an expression."
    pattern, groups = suggestion
    by = {
        "stem": "the name before the number", "parent": "folder", "grandparent": "the folder around the folder",
        "part": f"part {pattern.part} of the name",
    }  # fmt: skip
    return f"{said} Grouping by {by[pattern.kind]} would keep them together, in {counted(groups, 'group')}."
