"""The names of runs, and which run is meant by an id, a name or the beginning of an id."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sealife_core.config import TASKS, source_run
from sealife_core.errors import RunError
from sealife_core.runs.deletion import trashed_runs
from sealife_core.runs.directory import list_runs, open_run, runs_root
from sealife_core.runs.run import Run


def default_name(task: str, data: str) -> str:
    """The name of a run of ``task`` (a key of TASKS) until a person names it: "Linear probe on reef"."""
    return f"{TASKS[task].title} on {data}"


def find_run(text: str, root: Path | None = None) -> Run:
    """The run with this id, else the one with this name, else the only one whose id begins so.

    Raises RunError where there is none, and where there are several: it then lists their ids and dates.
    """
    root = runs_root(root)
    try:
        return open_run(text, root)
    except RunError as no_such_id:
        found = _only(text, list_runs(root))
        if found is not None:
            return found
        trashed = _only(text, trashed_runs(root))
        if trashed is not None:
            raise RunError(f"Run '{text}' ({trashed.id}) is in the trash. Restore it first.") from None
        raise no_such_id from None


def find_trashed(text: str, root: Path | None = None) -> str:
    """The id of the run in the trash that ``text`` means, as in :func:`find_run`; else ``text``. Raises RunError."""
    there = trashed_runs(root)
    found = next((run for run in there if run.id == text), None) or _only(text, there)
    return found.id if found is not None else text


def find_weights(weights: str, root: Path | None = None) -> str:
    """``weights`` with the id of the run in place of its name; other weights as they are. Raises RunError."""
    named = source_run(weights)
    return weights if not named else f"run:{find_run(named, root).id}"


def _only(text: str, runs: Sequence[Run]) -> Run | None:
    """The one of ``runs`` that ``text`` means, or None. Raises RunError if several are possible."""
    wanted = _plain(text)
    if not wanted:
        return None
    called = [run for run in runs if _plain(run.notes()["name"]) == wanted]
    found = called or [run for run in runs if run.id.startswith(wanted)]
    if len(found) > 1:
        what = "are called" if called else "have ids that begin with"
        told = ", ".join(f"{run.id}{_date(run)}" for run in found)
        raise RunError(f"{len(found)} runs {what} '{text}': {told}. Give the id of the one you mean.")
    return found[0] if found else None


def _plain(text: str) -> str:
    """A name in the form that is compared: file systems and keyboards compose letters differently."""
    return unicodedata.normalize("NFC", text).strip()


def _date(run: Run) -> str:
    """When the run was made, from its id: " (22 Nov 2026, 10:44)"; "" for an id that somebody changed."""
    try:
        return f" ({datetime.strptime(run.id[:15], '%Y%m%d-%H%M%S'):%d %b %Y, %H:%M})"
    except ValueError:
        return ""
