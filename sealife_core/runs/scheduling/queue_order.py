"""The order of the queue, and how a run is moved up.

Runs wait in the order in which they were queued. ``place`` in status.json replaces that time for a run that was moved;
a run that is queued again loses it. It is changed under the queue lock, and every dispatcher reads it from disk.
"""

import math
from pathlib import Path

from sealife_core.config import CLUSTER, HERE
from sealife_core.errors import RunError
from sealife_core.runs.costs.devices import CPU, devices, suitable
from sealife_core.runs.directory import list_runs, must_exist, source_chain, source_of
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.locks import queue_lock
from sealife_core.runs.scheduling.queue import in_cluster, write_status


def place_of(run: Run) -> tuple[float, str]:
    """The key that queued runs are sorted by: the lower goes first."""
    status = run.status()
    told = [found for key in ("place", "queued") if (found := status.get(key)) is not None]
    return told[0] if told else 0.0, run.id


def queued_runs(root: Path) -> list[Run]:
    """The queued runs that have not started, in their order."""
    # The status is asked first, because it says more cheaply that a run is not queued: there may be hundreds.
    found = [run for run in list_runs(root) if run.status().get("state") == State.QUEUED]
    return sorted((run for run in found if run.state() is State.QUEUED), key=place_of)


def waiting_runs(root: Path) -> list[Run]:
    """:func:`queued_runs` without those of clusters, and without studies, which wait for no device."""
    return [run for run in queued_runs(root) if not run.launches_runs and not in_cluster(run)]


def ahead_of(run: Run) -> list[Run]:
    """The runs that wait before ``run`` for the same devices or cluster; the one just before it is last."""
    waiting = waiting_runs(run.root)
    if run not in waiting:
        return []
    here = devices()
    return [other for other in waiting[: waiting.index(run)] if _lane(other, here) == _lane(run, here)]


def move_up(run: Run, *, to_front: bool = False) -> None:
    """Move a queued run before the one just ahead of it, or before all. Raises RunError if that is not possible."""
    with queue_lock(run.root):
        must_exist(run)
        if run.state() is not State.QUEUED:
            raise RunError(f"Run '{run.id}' is not waiting: it is {run.state()}. Only a queued run can be moved up.")
        if in_cluster(run):
            raise RunError(f"Run '{run.id}' is already waiting in its cluster. The cluster decides when it begins.")
        ahead = ahead_of(run)
        if not ahead:
            raise RunError(f"Run '{run.id}' is already the next to begin.")
        passed = ahead if to_front else ahead[-1:]
        needed = {source.id for source in source_chain(source_of(run), run.root)}
        for other in passed:
            if other.id in needed:
                name, source = run.notes()["name"], other.notes()["name"]
                raise RunError(
                    f"'{name}' needs the weights of '{source}', which is ahead of it. Move '{source}' up first."
                )
        if to_front:
            write_status(run, place=place_of(ahead[0])[0] - 1)
        else:  # the two change places
            before, own = place_of(ahead[-1])[0], place_of(run)[0]
            write_status(ahead[-1], place=max(own, math.nextafter(before, math.inf)))
            write_status(run, place=before)


def _lane(run: Run, here: list[str]) -> str:
    """What the run waits for: runs that wait for different things do not delay each other."""
    config = run.config()
    if config.where != HERE:
        return config.where.removeprefix(CLUSTER)
    return CPU if suitable(config, here) == [CPU] else "cuda"
