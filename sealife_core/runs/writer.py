"""The worker's side of a run directory."""

import time
from pathlib import Path
from typing import Any

from sealife_core.config import AnyConfig
from sealife_core.durable import remove_leftovers
from sealife_core.environment import ATTEMPT
from sealife_core.runs.files import append_line, replace_json
from sealife_core.runs.liveness import FINAL, State
from sealife_core.runs.run import BEST, ENVIRONMENT, LAST, METRICS, RESULTS, STATUS, Run

# A status is replaced with an fsync, and a step may take a millisecond: nobody can see it more often than this.
PROGRESS_EVERY_S = 0.5
_PROGRESS = frozenset({"epoch", "step", "done"})


class Superseded(BaseException):
    """Another process carries out this run now: nothing more may be written. Training catches no BaseException."""


class RunWriter:
    """Everything that a worker writes about its run. Only one process may have one for a run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._status = run.status()
        self._written_at = 0.0
        self._attempt = ATTEMPT.value()

    @property
    def path(self) -> Path:
        """The run directory."""
        return self.run.path

    def config(self) -> AnyConfig:
        """What the run is asked to do. Raises ConfigError."""
        return self.run.config()

    def status(self, **changes: Any) -> None:
        """Merge ``changes`` into status.json with a fresh heartbeat; without any it is only a sign of life.

        Keys: state, stage, epoch, epochs, step, steps, done, total, message, warnings, error {"what", "next"}. done and
        total count the images of the present stage: another stage resets them, and its start is noted in
        ``stage_began``. Changes of epoch, step and done alone are written at most twice a second. ``started`` and
        ``ended`` are added as the state changes. Raises Superseded.
        """
        now = time.time()
        known = {key: value for key, value in changes.items() if key in self._status and self._status[key] == value}
        news = changes.keys() - known.keys() - _PROGRESS
        if changes.get("stage", self._status.get("stage")) != self._status.get("stage"):
            changes = {"done": None, "total": None, "stage_began": now} | changes
        self._status |= changes | {"heartbeat": now}
        if changes.get("state") == State.RUNNING and not self._status.get("started"):
            self._status["started"] = now
        if changes.get("state") in FINAL:
            self._status["ended"] = now
        if news or now - self._written_at >= PROGRESS_EVERY_S or now < self._written_at:
            if self._attempt not in (None, self.run.attempt()):
                raise Superseded
            replace_json(self.run.path / STATUS, self._status)
            self._written_at = now

    def warn(self, sentence: str) -> None:
        """Add one sentence to ``warnings``, once."""
        there = self._status.get("warnings") or []
        if sentence not in there:
            self.status(warnings=[*there, sentence])

    def metric(self, step: int, epoch: float, **values: float | None) -> None:
        """Append one row; ``time`` is added. Names with a slash are passed as ``**{"train/loss": 1.0}``."""
        append_line(self.run.path / METRICS, {"step": step, "epoch": epoch, "time": time.time(), **values})

    def resumed_from(self, step: int) -> None:
        """Note that training continues after ``step`` (0: from the beginning): later rows so far are done again."""
        append_line(self.run.path / METRICS, {"resumed_from": step})

    def environment(self, **values: Any) -> None:
        """Merge into environment.json."""
        replace_json(self.run.path / ENVIRONMENT, self.run.environment() | values)

    def results(self, **values: Any) -> None:
        """Merge into results.json."""
        replace_json(self.run.path / RESULTS, (self.run.results() or {}) | values)

    def drop_checkpoints(self) -> None:
        """Remove what only a resume needs (four times the size of the model) and what a killed worker was writing: a
        finished run is never resumed."""
        for name in (LAST, BEST):
            (self.run.path / name).unlink(missing_ok=True)
        remove_leftovers(self.run.path)

    def stop_requested(self) -> bool:
        """Whether the worker should save and end."""
        return self.run.stop_requested()
