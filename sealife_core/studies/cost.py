"""Time and disk space that a study needs, before it starts: the sum over its runs without those already answered."""

from dataclasses import dataclass
from pathlib import Path

from sealife_core.config import StudyConfig
from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.costs.estimates import estimate_on
from sealife_core.runs.directory import runs_root
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


def study_cost(study: StudyConfig, dataset: Dataset, root: Path | None = None) -> StudyCost:
    """The cost of ``study`` on ``dataset`` on this machine."""
    root = runs_root(root)
    done = answered_parts(study, root)
    side_by_side = at_once(study.parts[0].config)
    left = [part.config for part in study.parts if part.key not in done]
    costs = [estimate_on(config, dataset, root) for config in left]
    seconds = [cost.seconds for cost in costs]
    known = None if any(s is None for s in seconds) else sum(s for s in seconds if s is not None) / side_by_side
    most_at_once = max((cost.disk_bytes for cost in costs), default=0) * side_by_side
    disk_bytes = sum(cost.kept_bytes for cost in costs) + most_at_once
    basis = costs[0].basis if costs else "all its runs are already done"
    return StudyCost(len(study.parts), len(done), side_by_side, known, disk_bytes, basis)
