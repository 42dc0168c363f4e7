"""Time and disk space that a study needs: before it starts, and how much time is left while it runs."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from sealife_core.config import StudyConfig
from sealife_core.runs.costs.estimates import Images, estimate_on
from sealife_core.runs.directory import runs_root
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.capacity import at_once
from sealife_core.studies.reuse import answered_parts


@dataclass(frozen=True)
class StudyCost:
    """``runs`` in total, ``done`` of them before the study; ``seconds`` is None if nothing comparable was measured.

    at_once: how many runs train at the same time; ``seconds``: wall-clock time. ``basis``: of the estimate, in words.
    """

    runs: int
    done: int
    at_once: int
    seconds: float | None
    disk_bytes: int
    basis: str


def study_cost(study: StudyConfig, dataset: Images, root: Path | None = None) -> StudyCost:
    """The cost of ``study`` on ``dataset`` on this machine: the sum over its runs without those already answered."""
    root = runs_root(root)
    done = answered_parts(study, root)
    side_by_side = at_once(study.parts[0].config)
    left = [part.config for part in study.parts if part.key not in done]
    costs = [estimate_on(config, dataset, root) for config in left]
    seconds = [cost.seconds for cost in costs]
    known = None if any(s is None for s in seconds) else sum(s for s in seconds if s is not None) / side_by_side
    in_training = max((cost.disk_bytes - cost.kept_bytes - cost.shared_bytes for cost in costs), default=0)
    decoded = max((cost.shared_bytes for cost in costs), default=0)
    disk_bytes = sum(cost.kept_bytes for cost in costs) + in_training * side_by_side + decoded
    basis = costs[0].basis if costs else "all its runs are already done"
    return StudyCost(len(study.parts), len(done), side_by_side, known, disk_bytes, basis)


def seconds_taken(run: Run) -> float | None:
    """Seconds of a run that has ended: its training over all attempts or the whole last attempt, whichever is longer.

    None if neither is known, as where the clock was set back meanwhile.
    """
    status = run.status()
    started, ended = status.get("started"), status.get("ended")
    last = None if started is None or ended is None or ended < started else ended - started
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
