"""How long the runs of a study or search take, and how much time is left."""

import time
from collections.abc import Iterable
from statistics import fmean

from sealife_core.runs.run import Run


def seconds_taken(run: Run) -> float | None:
    """Seconds of a run that has ended: its training over all attempts or the whole last attempt, whichever is longer.

    None if neither is known.
    """
    status = run.status()
    started, ended = status.get("started"), status.get("ended")
    last = None if started is None or ended is None else ended - started
    known = [seconds for seconds in (last, (run.results() or {}).get("train_s")) if seconds is not None]
    return max(known, default=None)


def seconds_left(ended: Iterable[Run], going: Iterable[Run], to_come: int) -> float | None:
    """Seconds for ``to_come`` runs, including those ``going``, if each takes the mean time of those that ``ended``.

    As many as now run in parallel. None until a run has ended.
    """
    took = [seconds for run in ended if (seconds := seconds_taken(run)) is not None]
    if not took:
        return None
    mean = fmean(took)
    done = [_share_done(run, mean) for run in going if run.status().get("started") is not None]
    return mean * max(0.0, to_come - sum(done)) / max(1, len(done))


def _share_done(run: Run, whole_s: float) -> float:
    """By its steps, which a resumed run keeps, or by its age if it counts none."""
    status = run.status()
    steps = status.get("steps")
    share = (status.get("step") or 0) / steps if steps else (time.time() - status["started"]) / max(whole_s, 1e-9)
    return min(1.0, max(0.0, share))
