"""What the benchmarks share: two sides timed by turns, one figure a line, a table at the end.

A script defines ``measure() -> Iterator[Figure]`` and ends with ``main(measure, __doc__)``. Called by
itself it prints its table; with ``--json`` it prints one JSON object a figure, which is what ``bench.py`` reads.
"""

import argparse
import gc
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

WORSE = 1.2  # a figure that is worse than the kept one by more than this factor is a regression


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    what: names it, once in all scripts. value: in ``unit`` ("×" for a ratio, "s", "%", …). aim: "≥ 5", "≤ 0.7", or ""
    where it is only told. told: what it was made of, in words ("2,630 against 520 views/s").
    """

    what: str
    value: float
    unit: str
    aim: str
    told: str = ""

    @property
    def more_is_better(self) -> bool:
        """Whether a larger value is the better one; what has no aim is a cost."""
        return self.aim.startswith("≥")

    @property
    def met(self) -> bool | None:
        """Whether the aim is reached; None where there is none."""
        if not self.aim:
            return None
        bound = float(self.aim[1:])
        return self.value >= bound if self.more_is_better else self.value <= bound

    def worse_than(self, kept: float) -> bool:
        """Whether this is a regression against the value that was kept. Percent, which may be none or fewer, are so
        many of a whole that is lost; points are a difference, and one point worse is a regression."""
        if self.unit == "points":
            return (kept - self.value if self.more_is_better else self.value - kept) > 1
        whole = 100 if self.unit == "%" else 0
        return self.value * WORSE < kept if self.more_is_better else whole + self.value > (whole + kept) * WORSE


def by_turns(sides: dict[str, Callable[[], float]], turns: int = 2) -> dict[str, list[float]]:
    """What each side says, taken by turns (A B, B A, …) so that a slow moment of the machine strikes both."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(turns):
        for name, act in list(sides.items())[:: -1 if turn % 2 else 1]:
            taken[name].append(act())
    return taken


def alternating(sides: dict[str, Callable[[], object]], repeats: int, *, warm: int = 1) -> dict[str, list[float]]:
    """Seconds of each side, taken by turns. warm: how many rounds go before the first that counts."""
    taken = by_turns({name: partial(seconds_of, act) for name, act in sides.items()}, warm + repeats)
    return {name: seconds[warm:] for name, seconds in taken.items()}


def seconds_of(act: Callable[[], object]) -> float:
    gc.collect()
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


@contextmanager
def own_home(kept: Path | None = None) -> Iterator[Path]:
    """A home of its own for what is measured: ``kept``, else one that is gone afterwards. No worker is ready there."""
    with TemporaryDirectory() as fleeting:
        home = (kept or Path(fleeting)).resolve()
        os.environ |= {"SEALIFE_HOME": str(home), "SEALIFE_READY_MINUTES": "0"}
        yield home


def ratio(slow: list[float], fast: list[float]) -> float:
    """How many times the second goes into the first, by the medians of what was taken by turns."""
    return median(slow) / median(fast)


def table(figures: Iterable[Figure]) -> str:
    """The figures as Markdown."""
    lines = ["| what | measured | aim | |", "|---|---|---|---|"]
    for figure in figures:
        aim = f"{figure.aim} {figure.unit}" if figure.aim else "–"
        missed = " **missed**" if figure.met is False else ""
        lines.append(f"| {figure.what} | {figure.value:.3g} {figure.unit}{missed} | {aim} | {figure.told} |")
    return "\n".join(lines)


def tell(figure: Figure, as_json: bool) -> None:
    """One figure as soon as it is there."""
    told = f"  ({figure.told})" if figure.told else ""
    print(
        json.dumps(asdict(figure)) if as_json else f"{figure.what}: {figure.value:.3g} {figure.unit}{told}", flush=True
    )


def arguments(says: str | None) -> argparse.ArgumentParser:
    """What every script takes; one that asks for more adds it."""
    parser = argparse.ArgumentParser(description=says, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object a figure instead of a table")
    return parser


def tell_all(figures: Iterable[Figure], as_json: bool) -> None:
    """Each figure as soon as it is there, and the table of all."""
    found: list[Figure] = []
    for figure in figures:
        found.append(figure)
        tell(figure, as_json)
    if not as_json:
        print(f"\n{table(found)}")


def main(measure: Callable[[], Iterator[Figure]], says: str | None) -> None:
    """The command line of one script."""
    chosen = arguments(says).parse_args()
    tell_all(measure(), chosen.json)
