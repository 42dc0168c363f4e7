"""Runs on disk and the queue that starts them. Needs neither torch nor pandas: importing it is instant."""

from sealife_core.runs.directory import (
    MetricsReader,
    Run,
    create_run,
    dependents,
    list_runs,
    open_run,
    parts_of,
    source_of,
)
from sealife_core.runs.liveness import ACTIVE, FINAL, Process, Shown, State, shown_state
from sealife_core.runs.queue import (
    delete,
    delete_with_parts,
    empty_trash,
    ensure_dispatcher,
    launch,
    request_stop,
    restore,
    restore_with_parts,
    resume,
    trashed,
)
from sealife_core.runs.writer import RunWriter

__all__ = [
    "ACTIVE",
    "FINAL",
    "MetricsReader",
    "Process",
    "Run",
    "RunWriter",
    "Shown",
    "State",
    "create_run",
    "delete",
    "delete_with_parts",
    "dependents",
    "empty_trash",
    "ensure_dispatcher",
    "launch",
    "list_runs",
    "open_run",
    "parts_of",
    "request_stop",
    "restore",
    "restore_with_parts",
    "resume",
    "shown_state",
    "source_of",
    "trashed",
]
