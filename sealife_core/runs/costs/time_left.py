"""How long runs still take: by the rate that they show, else by their estimates."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sealife_core.config import AnyConfig, ClassifierConfig
from sealife_core.errors import SealifeError
from sealife_core.runs.costs.estimates import Images, count_images, estimate
from sealife_core.runs.liveness import State
from sealife_core.runs.run import LAST, Run

RECENT_ROWS = 100  # the present rate, which may differ from that before a resume
KNOWN_AFTER_STEPS, KNOWN_AFTER_S = 20, 5  # a rate from less would jump about

Rows = Sequence[dict[str, Any]]


def seconds_left(status: Mapping[str, Any], rows: Rows) -> float | None:
    """Time left at the rate of the last metric ``rows``, in seconds; None until enough steps are done to know it."""
    step, steps = status.get("step") or 0, status.get("steps") or 0
    told = [(row.get("step"), row.get("time")) for row in rows[-RECENT_ROWS:]]
    known = [(at, when) for at, when in told if at is not None and when is not None]
    if not known or step >= steps:
        return None
    done, took_s = (last - first for first, last in zip(known[0], known[-1], strict=True))
    if done < KNOWN_AFTER_STEPS or took_s < KNOWN_AFTER_S:
        return None
    return took_s / done * (steps - step)


def stage_seconds_left(status: Mapping[str, Any]) -> float | None:
    """Time left of the present stage where it counts images, in seconds; None until enough are done to know it."""
    done, total = status.get("done") or 0, status.get("total") or 0
    took_s = (status.get("heartbeat") or 0) - (status.get("stage_began") or math.inf)
    return took_s / done * (total - done) if 0 < done < total and took_s >= KNOWN_AFTER_S else None


class RunTimes:
    """How long runs take, by their estimates. Each data set is opened and counted once.

    images: opens a data set by its name, or raises a SealifeError.
    """

    def __init__(self, root: Path, images: Callable[[str], Images]) -> None:
        self.root, self._open = root, images
        self._counts: dict[tuple[str, bool], tuple[int, int, int]] = {}

    def seconds(self, config: AnyConfig) -> float | None:
        """Seconds of the whole run; None if nothing comparable was measured, or its data set is gone."""
        key = config.data, isinstance(config, ClassifierConfig)
        try:
            if key not in self._counts:
                self._counts[key] = count_images(config, self._open(config.data))
            n_images, n_stored, classes = self._counts[key]
            return estimate(config, n_images, self.root, n_stored, classes).seconds
        except SealifeError:
            return None

    def left_s(self, run: Run, rows: Rows) -> float | None:
        """Seconds that are left of a run, or of one that waits to continue: by its own rate, else by the estimate."""
        status = run.status()
        measured = seconds_left(status, rows)
        whole = self.seconds(run.config()) if measured is None else None
        if whole is None:
            return measured
        step, steps = status.get("step") or 0, status.get("steps") or 0
        share_left = min(1.0, max(0.0, 1 - step / steps)) if steps > 0 else None
        if status.get("state") == State.QUEUED:
            return whole * share_left if share_left is not None and (run.path / LAST).exists() else whole
        if share_left is not None:
            return whole * share_left
        started = status.get("started")
        left_s = whole if started is None else whole - (time.time() - started)
        return left_s if left_s > 0 else None
