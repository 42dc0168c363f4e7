"""One run on disk, for its readers. Missing or damaged files raise nothing, except where a method says so: what it
returns has the types of :mod:`~sealife_core.runs.contents`.

Each file has one writer (docs/architecture.md). status.json is the queue's until this attempt has a process.json; from
then on the worker's, who writes through :class:`~sealife_core.runs.writer.RunWriter`.
"""

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sealife_core.config import BROKEN, AnyConfig, Request, SearchConfig, StudyConfig, load_config
from sealife_core.durable import size_bytes
from sealife_core.errors import ConfigError
from sealife_core.runs.contents import SHAPES
from sealife_core.runs.files import LOG, MetricsReader, UnreadableFile, recall_json, replace_json, tail, written_at
from sealife_core.runs.liveness import FINAL, Process, Shown, State, last_sign, process_of, shown_state
from sealife_core.runs.notes import changed, completed
from sealife_core.runs.scheduling.locks import notes_lock
from sealife_core.runs.state_sentences import ADVICE, sentence
from sealife_core.trash import name_of

CONFIG, STATUS, PROCESS, NOTES = "config.json", "status.json", "process.json", "notes.json"
ENVIRONMENT, RESULTS = "environment.json", "results.json"
METRICS, STOP, LAST, BEST = "metrics.jsonl", "stop", "last.ckpt", "best.ckpt"
MODEL, PREDICTIONS, SNAPSHOTS = "model.safetensors", "predictions.parquet", "snapshots"
STUDY, TRIALS = "study.json", "search.json"


@dataclass(frozen=True)
class Run:
    """One run directory. Every call reads the disk; only the config, which is written once, is kept in memory."""

    path: Path

    @property
    def id(self) -> str:
        """The name of its directory; in the trash, the name that this had before."""
        return name_of(self.path) if "~" in self.path.name else self.path.name

    @property
    def root(self) -> Path:
        """The directory that holds all runs."""
        return self.path.parent

    @property
    def size_bytes(self) -> int:
        """Bytes that the run takes on the disk."""
        return size_bytes(self.path)

    @cached_property
    def _request(self) -> Request:
        try:
            values = recall_json(self.path / CONFIG)
        except UnreadableFile as error:
            raise ConfigError([f"Run '{self.id}': {error}"]) from None
        if values is None:
            raise ConfigError([f"Run '{self.id}' has no {CONFIG}. Delete the run, or restore the file."])
        return load_config(values)

    def request(self) -> Request:
        """What the run is asked to do. Raises ConfigError if the file is missing, damaged or of another version."""
        return self._request

    def config(self) -> AnyConfig:
        """What a run that trains or embeds is asked to do. Raises ConfigError as :meth:`request`, and for a study or a
        search."""
        request = self._request
        if isinstance(request, StudyConfig | SearchConfig):
            raise ConfigError([f"Run '{self.id}' is a {request.kind}. It has runs, but no settings of its own."])
        return request

    def config_or_none(self) -> AnyConfig | None:
        """As :meth:`config`; None where it raises."""
        try:
            return self.config()
        except ConfigError:
            return None

    @property
    def launches_runs(self) -> bool:
        """Whether it is a study or a search, which launches other runs and does not train. The config is not checked,
        because this is asked of hundreds of runs at once."""
        return (self._read(CONFIG) or {}).get("kind") in ("study", "search")

    @property
    def broken(self) -> str:
        """What was broken in it on purpose, in words; "" in a usual run. The config is not checked, as above."""
        return BROKEN.get(str((self._read(CONFIG) or {}).get("broken")), "")

    @property
    def is_there(self) -> bool:
        """Whether its directory exists; a broken link counts, because it can be deleted."""
        return os.path.isdir(self.path) or os.path.islink(self.path)  # noqa: PTH112, PTH114 - these never raise

    def status(self) -> dict[str, Any]:
        """What the worker (before it starts: the queue) wrote last; {} if that cannot be read."""
        return self._read(STATUS) or {}

    def process(self) -> dict[str, Any] | None:
        """What the dispatcher knows of the process: pid, start_time, boot, host, command, attempt, device.

        ``device`` holds all devices of the run: "cpu", "cuda:1" or "cuda:0,cuda:1"; ``beside`` is true if it runs
        beside a training (``scheduling/placement.py``). A run in a cluster has job, cluster (its address), cores,
        gpus and, once it has started, host (the machine) instead of a pid.
        """
        return self._read(PROCESS)

    def notes(self) -> dict[str, Any]:
        """``name`` (the id unless given), ``tags``, ``notes``, and ``study``: the id of the run that made it, or ""."""
        return completed(self._read(NOTES) or {}, self.id)

    def write_notes(
        self,
        name: str | None = None,
        tags: Iterable[str] | None = None,
        notes: str | None = None,
        study: str | None = None,
        add_tags: Iterable[str] = (),
        seen: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Change what is given, keep the rest; returns all of it. An empty name is the id again.

        ``add_tags`` are added to those that are there. ``seen``: what the person saw before writing; if a field that is
        given has another value by now, nothing is written. Safe among many who write at once. Raises NotesChanged,
        RunError, OSError.
        """
        given = {"name": name, "tags": None if tags is None else list(tags), "notes": notes, "study": study}
        with notes_lock(self.root):
            replace_json(self.path / NOTES, changed(self.notes(), given, add_tags, seen or {}))
            return self.notes()

    def environment(self) -> dict[str, Any]:
        """Versions, device, counts; {} until the worker has written them."""
        return self._read(ENVIRONMENT) or {}

    def results(self) -> dict[str, Any] | None:
        """The scores of a run that has finished, or None."""
        return self._read(RESULTS)

    def metrics(self) -> list[dict[str, Any]]:
        """All rows of metrics.jsonl, without those that a resumed run has done again."""
        reader = MetricsReader(self.path / METRICS)
        reader.poll()
        return reader.rows

    def log_tail(self, lines: int = 50) -> list[str]:
        """The last lines the process printed."""
        return tail(self.path / LOG, lines)

    def stop_requested(self) -> bool:
        """Whether someone asked the run to stop."""
        return os.path.exists(self.path / STOP)  # noqa: PTH110 - this one never raises

    def stop_asked_at(self) -> float | None:
        """When someone asked the run to stop, unix seconds; None if nobody did."""
        return written_at(self.path / STOP)

    def attempt(self) -> int:
        """How often the run was queued; 0 before its first launch."""
        return self.status().get("attempt") or 0

    def problems(self) -> list[str]:
        """One sentence for each file of the run that is missing or damaged."""
        found = []
        try:
            self.request()
        except ConfigError as error:
            found += error.problems
        for name, shape in SHAPES.items():
            try:
                if recall_json(self.path / name, shape) is None and name == STATUS:
                    found.append(f"{STATUS} is missing: nobody can say how the run went.")
            except UnreadableFile as error:
                found.append(str(error))
        return found

    def state(self, now: float | None = None) -> State:
        """What the screen says. A run without a readable config and status is damaged."""
        return self.shown(now).state

    def shown(self, now: float | None = None) -> Shown:
        """State, sentence, whether it is stopping, age of the last sign of life."""
        now = time.time() if now is None else now
        status = self.status()
        try:
            self.request()
        except ConfigError as error:
            return Shown(State.DAMAGED, " ".join(error.problems))
        if status.get("state") in FINAL:  # nothing else is read: a list has hundreds
            state = State(status["state"])
            return Shown(state, sentence(state, status, {}, self.path, self.problems), age_s=_age(status, now))
        record = self.process() or {}
        process = process_of(record, status.get("attempt") or 0)
        if process is Process.NONE:
            record = {}
        status |= {"written": written_at(self.path / STATUS), "process_started": record.get("started")}
        stop = self.stop_requested()
        state = shown_state(status, process, now, stop_requested=stop)
        message = sentence(state, status, record, self.path, self.problems)
        return Shown(state, message, stopping=stop and state.active, age_s=_age(status, now))

    def error(self) -> dict[str, str] | None:
        """``what`` went wrong and what to do ``next``, written or derived; None where nothing is wrong."""
        shown, written = self.shown(), self.status().get("error")
        if shown.state is State.FAILED and written:
            return {"what": written.get("what") or "", "next": written.get("next") or ""}
        step = ADVICE.get(shown.state)
        return {"what": shown.message, "next": step} if step else None

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            return recall_json(self.path / name, SHAPES.get(name))
        except UnreadableFile:
            return None


def _age(status: dict[str, Any], now: float) -> float | None:
    beat = last_sign(status)
    return None if beat is None else max(0.0, now - beat)
