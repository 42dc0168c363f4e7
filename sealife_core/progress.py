"""How long work reports how far it is, also that of several threads."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
Progress = Callable[[str, int, int], None]
"""Called with the name of a stage, how much of it is done, and how much there is (0: not known)."""


def on_threads(
    act: Callable[[T], R], each: Sequence[T], stage: str, progress: Progress | None, threads: int | None = None
) -> list[R]:
    """``act`` of each, in their order, on several threads (at most 8 unless said); ``stage``: what is reported."""
    found: list[R] = []
    with ThreadPoolExecutor(threads or min(8, os.cpu_count() or 1)) as pool:
        for result in pool.map(act, each):
            found.append(result)
            if progress:
                progress(stage, len(found), len(each))
    return found
