"""Curves of runs: the points of a metric over epochs, thinned to what a chart can show."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pandas as pd

from dashboard.data.panels import Panel

MOST_POINTS = 400  # more cannot be told apart at the width of a chart
FEW_POINTS = 40  # of two curves over each other: with more, the noise of single steps hides which is higher


@dataclass(frozen=True)
class Curve:
    """One drawn line: its label, colour, points [epoch, value]. end: what is written at its end."""

    label: str
    colour: str
    points: list[list[float]]
    faint: bool = False
    batched: int = 1
    dashed: bool = False
    end: str = ""


def curves_of(
    panel: Panel, rows: Sequence[Mapping[str, Any]], colour: str, name: str = "", most: int = MOST_POINTS
) -> list[Curve]:
    """The lines of ``panel`` that ``rows`` of metrics.jsonl hold, of at most ``most`` points; ``name`` (of a run) goes
    before their labels."""
    found = []
    for line in panel.lines:
        points, batched = thinned(rows, line.key, 100.0 if panel.percent else 1.0, most)
        if points:
            label = f"{name}, {line.label}" if name and len(panel.lines) > 1 else name or line.label
            found.append(Curve(label, colour, points, line.faint, batched, line.dashed))
    return found


def thinned(
    rows: Iterable[Mapping[str, Any]], key: str, factor: float = 1.0, most: int = MOST_POINTS
) -> tuple[list[list[float]], int]:
    """([epoch, value × factor] of ``key``, how many rows each point is the mean of)."""
    found = [(row["epoch"], row[key]) for row in rows if None not in (row.get(key), row.get("epoch"))]
    batched = -(-len(found) // most) or 1
    points = []
    starts = list(range(0, len(found), batched))
    if len(starts) > 1 and len(found) - starts[-1] < batched / 2:
        starts.pop()  # so few steps would stand apart by their noise: they go with those before
    for start, end in pairwise([*starts, len(found)]):
        part = found[start:end]
        # At the newest epoch of the part: a growing curve ends where the run is.
        points.append([round(part[-1][0], 4), round(factor * sum(value for _, value in part) / len(part), 6)])
    return points, batched


def last_epoch(found: Iterable[Sequence[Mapping[str, Any]]]) -> float:
    """Where the charts of runs with these rows end: 1 while there is only the start, which is epoch 0."""
    return max((float(row.get("epoch") or 0) for rows in found for row in rows[-1:]), default=0.0) or 1.0


def smoothed(points: Sequence[Sequence[float]], weight: float) -> list[list[float]]:
    """[epoch, value] points as an exponential moving average of ``weight`` (0: as they are), free of a bias to zero."""
    means = pd.Series([value for _, value in points], dtype=float).ewm(alpha=1 - weight).mean()
    return [[epoch, round(mean, 6)] for (epoch, _), mean in zip(points, means, strict=True)]
