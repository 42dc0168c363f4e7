"""All run directories: made, listed, opened, and which run depends on which."""

import os
import shutil
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from reprlib import repr as shortened

from sealife_core import trash
from sealife_core.claims import claimed_folder, move_into_place
from sealife_core.config import AnyConfig, Request, source_run, task_of
from sealife_core.durable import LONGEST_NAME_BYTES, flush_tree
from sealife_core.errors import ConfigError, RunError
from sealife_core.folders import checkpoints_root
from sealife_core.runs.files import replace_json, written_at
from sealife_core.runs.liveness import State
from sealife_core.runs.run import CONFIG, STATUS, Run
from sealife_core.runs.tracking_links import LAUNCH, variables_for

_NEW = ".new-"


def runs_root(root: Path | str | None = None) -> Path:
    """``root``, or the folder of all runs if it is None."""
    return Path(root) if root is not None else checkpoints_root()


def create_run(
    config: Request,
    *,
    root: Path | None = None,
    name: str = "",
    tags: Iterable[str] = (),
    notes: str = "",
    data_hash: str = "",
    study: str = "",
) -> Run:
    """Write a new run, whole or not at all; it starts once :func:`launch` is called.

    ``data_hash``, if given, is noted in the config: the content of the data set that was meant. ``study`` is the id of
    the run that this one is a part of. Raises RunError, OSError.
    """
    root = runs_root(root)
    if data_hash:
        config = config.model_copy(update={"data_hash": data_hash})
    root.mkdir(parents=True, exist_ok=True)
    run_id = trash.free_name(root, f"{task_of(config)}-")
    being_made = Run(claimed_folder(root, _NEW))
    try:
        replace_json(being_made.path / CONFIG, config.model_dump(mode="json"))
        replace_json(being_made.path / STATUS, {"state": State.CREATED, "attempt": 0, "message": ""})
        being_made.write_notes(name=name or run_id, tags=tags, notes=notes, study=study)
        if variables := variables_for(noted_run(study, root) if study else None):
            replace_json(being_made.path / LAUNCH, variables)
        flush_tree(being_made.path)
        move_into_place(being_made.path, root / run_id)
    except BaseException:
        shutil.rmtree(being_made.path, ignore_errors=True)
        raise
    return noted_run(run_id, root)


def list_runs(root: Path | None = None) -> list[Run]:
    """All runs, newest first, damaged ones too. Only their names are read."""
    root = runs_root(root)
    try:
        with os.scandir(root) as found:
            names = sorted(entry.name for entry in found if _is_name(entry.name) and _may_hold_a_run(entry))
    except FileNotFoundError:
        return []
    oldest_first: list[Path] = []
    for _, same_second in groupby(names, key=lambda name: name[:15]):  # the id begins with the second
        paths = [root / name for name in same_second]
        # Runs of one second are ordered by when their config was written.
        oldest_first += sorted(paths, key=lambda path: written_at(path / CONFIG) or 0) if len(paths) > 1 else paths
    return [Run(path) for path in reversed(oldest_first)]


def single_runs(root: Path | None = None) -> list[Run]:
    """As :func:`list_runs`, without studies and searches: those that train or embed."""
    return [run for run in list_runs(root) if not run.launches_runs]


def list_studies(root: Path | None = None) -> list[Run]:
    """As :func:`list_runs`, studies and searches alone."""
    return [run for run in list_runs(root) if run.launches_runs]


def _is_name(name: str) -> bool:
    """Whether a run may have this name: one folder, not hidden, of characters that can be encoded."""
    try:
        return 0 < len(name.encode()) <= LONGEST_NAME_BYTES and name[0] != "." and not {"/", "\0"} & set(name)
    except UnicodeEncodeError:
        return False


def _may_hold_a_run(entry: os.DirEntry[str]) -> bool:
    """Whether it is a directory, or a broken link, which is a damaged run."""
    try:
        return entry.is_dir() or (entry.is_symlink() and not os.path.exists(entry.path))  # noqa: PTH110
    except OSError:  # a link that leads to itself
        return True


def open_run(run_id: str, root: Path | None = None) -> Run:
    """The run of that id. Raises RunError naming the runs there are."""
    root = runs_root(root)
    if _is_name(run_id):
        if (run := noted_run(run_id, root)).is_there:
            return run
        if trash.find(root, run_id):
            raise RunError(f"Run '{run_id}' is in the trash. Restore it first.")
    newest = [run.id for run in list_runs(root)[:5]]
    there = f"The newest are {', '.join(newest)}." if newest else "There are no runs yet: launch one."
    raise RunError(f"There is no run {shortened(run_id)}. {there}")


def noted_run(run_id: str, root: Path) -> Run:
    """The run whose id another run has noted. It may be damaged or gone: its state says so."""
    return Run(root / run_id)


def dependents(run: Run) -> list[Run]:
    """The runs that take their weights from ``run``; those in the trash do not count."""
    return [other for other in list_runs(run.root) if other != run and source_of(other) == run.id]


def parts_of(study: Run) -> list[Run]:
    """The runs that ``study`` made, newest first; those in the trash do not count."""
    return [run for run in list_runs(study.root) if run.notes()["study"] == study.id]


def active_on(data: str, root: Path | None = None) -> list[Run]:
    """The runs that train on the data set ``data``, or wait for that."""
    found = []
    for run in list_runs(root):
        try:
            if run.request().data == data and run.state().active:
                found.append(run)
        except ConfigError:
            continue
    return found


def source_of(run: Run) -> str | None:
    """The id of the run that ``run`` takes its weights from, or None."""
    config = run.config_or_none()
    return None if config is None else source_run(config.weights)


def source_config(weights: str) -> AnyConfig | None:
    """The config of the run that ``weights`` come from; None where they come from no run that can be read."""
    try:
        return open_run(source_run(weights) or "").config_or_none()
    except RunError:  # gone: launching will say so
        return None


def source_chain(run_id: str | None, root: Path) -> Iterator[Run]:
    """The runs that weights of the run ``run_id`` come from, nearest first: that run, then the one that its own weights
    come from, and so on.

    Ends where weights come from no run (random, ImageNet, a file), with a run that is gone or damaged (given as others
    are; its state says so), and in a circle before a run would come again. None has no chain.
    """
    seen: set[str] = set()
    while run_id is not None and run_id not in seen:
        seen.add(run_id)
        run = noted_run(run_id, root)
        yield run
        run_id = source_of(run)


def must_exist(run: Run) -> None:
    """Raise RunError unless the directory of ``run`` exists."""
    if not run.is_there:
        raise RunError(f"Run '{run.id}' no longer exists. Look in the trash, or launch a new run.")
