"""The process of a study: it queues its runs, a few at a time, and waits for them. It trains nothing itself.

Its state is in ``study.json``, which only this process writes: the run of each part, the parts that an earlier run had
already answered, the parts that were left out and why. Everything else is read from the runs, so the process may be
killed at any moment and resumed.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sealife_core.config import AnyConfig, Part, StudyConfig
from sealife_core.errors import RunError
from sealife_core.runs.contents import SHAPES
from sealife_core.runs.directory import create_run, noted_run
from sealife_core.runs.files import readable_json, replace_json
from sealife_core.runs.liveness import State
from sealife_core.runs.run import MODEL, STUDY, Run
from sealife_core.runs.scheduling.capacity import at_once
from sealife_core.runs.scheduling.queue import ensure_dispatcher, launch, request_stop, resume_or_begin_anew
from sealife_core.runs.writer import RunWriter
from sealife_core.studies.reuse import fingerprint, finished_runs, unnoted_runs, with_weights

TICK_S = 0.5
BEAT_S = 10.0  # between two heartbeats while nothing changes
MOST_RESUMES = 2  # of a run whose process was killed; after three times it will be killed again
DELETED = "its run was deleted."


@dataclass
class StudyProgress:
    """``study.json``: part → run id, the parts that an earlier run had answered, the parts left out and why."""

    runs: dict[str, str] = field(default_factory=dict)
    reused: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def read_study_progress(folder: Path) -> StudyProgress:
    """The progress of the study in ``folder``; empty if it cannot be read (``Run.problems`` says so)."""
    found = readable_json(folder / STUDY, SHAPES[STUDY])
    runs = {key: run_id for key, run_id in (found.get("runs") or {}).items() if run_id}
    return StudyProgress(runs, found.get("reused") or [], found.get("left_out") or {})


def coordinate(config: StudyConfig, run: RunWriter) -> bool:
    """Carry out a study. Returns whether it came to its end (False: it was stopped, and its runs with it)."""
    study = Coordinator(config, run)
    study.continue_runs()
    ended = until_ended(run, study.turn, study.runs)
    if ended:
        for part, why in study.progress.left_out.items():
            run.warn(f"'{part}' is missing: {why}")
    return ended


def why_not_finished(run: Run, state: State) -> str:
    """Why a run that has ended without finishing did so: a sentence, or its state."""
    if not run.path.is_dir():
        return DELETED
    error = run.error()
    return error["what"] if error else "it was stopped by hand." if state is State.STOPPED else str(state)


class CoordinatorStatus:
    """Writes the status of a study or search: once it changes, else a heartbeat every BEAT_S seconds."""

    def __init__(self, run: RunWriter) -> None:
        self._run, self._message, self._written_at = run, "", 0.0

    def write(self, message: str, is_running: bool, step: int, steps: int) -> None:
        """is_running: whether a run is active. step, steps: the runs that have ended, and all."""
        now = time.monotonic()
        if message != self._message or now - self._written_at >= BEAT_S:
            self._message, self._written_at = message, now
            self._run.status(stage="running" if is_running else "", message=message, step=step, steps=steps)


def until_ended(run: RunWriter, turn: Callable[[], bool], runs: Callable[[], Iterable[Run]]) -> bool:
    """Turn after turn, until nothing is left to wait for. Returns False if ``run`` was stopped, and ``runs`` with it.

    turn: returns whether there is anything to wait for.
    """
    while not run.stop_requested():
        if not turn():
            return True
        time.sleep(TICK_S)
    for one in runs():
        if one.state().active:
            request_stop(one)
    return False


@dataclass
class Attempts:
    """How often a run was resumed, and whether it still ends because its study or search was stopped before."""

    resumes: int = 0
    stopping: bool = False

    def resumed(self, run: Run, state: State) -> bool:
        """Resume ``run`` if it has ended for that reason or its process was killed. Returns whether it was."""
        if state is State.STOPPED and self.stopping:
            self.stopping = False
        elif state is State.INTERRUPTED and self.resumes < MOST_RESUMES:
            self.resumes += 1
        else:
            return False
        resume_or_begin_anew(run)
        return True

    def continued(self, run: Run, ended: Collection[State]) -> None:
        """After an interruption: launch ``run`` if it was only made; resume it if it has ended in one of those ways."""
        state = run.state()
        self.stopping = state.active and run.stop_requested()
        if state in ended:
            resume_or_begin_anew(run)
        elif state is State.CREATED:
            launch(run)


class Coordinator:
    """The parts of one study and the runs that carry them out."""

    def __init__(self, config: StudyConfig, run: RunWriter) -> None:
        self.config, self.run, self.root = config, run, run.path.parent
        self.progress = read_study_progress(run.path)
        self.keys = {part.key for part in config.parts}
        self._attempts: defaultdict[str, Attempts] = defaultdict(Attempts)
        self._unnoted: dict[str, Run] = {}  # made by this study just before its process was killed
        self._looked_up: set[str] = set()  # parts for which no earlier run was found
        self._status = CoordinatorStatus(run)

    def turn(self) -> bool:
        """Queue what can be queued. Returns whether there is anything to wait for."""
        states = {key: noted_run(run_id, self.root).state() for key, run_id in self.progress.runs.items()}
        self._check_runs(states)
        active = sum(state.active for state in states.values())
        # One per device and one in the queue: no device is idle, and a run launched by the user is soon served.
        width = at_once(self.config.parts[0].config) + 1
        there: dict[str, Run] | None = None
        for part in self._to_come():
            config = self._ready(part, states)
            if config is None:
                continue
            orphan = self._unnoted.pop(fingerprint(config), None)
            if orphan is not None:
                self._note(part.key, orphan)
                states[part.key] = self._continued(part.key, orphan)
                active += states[part.key].active
                continue
            free = active < width
            finished = None
            if free or part.key not in self._looked_up:
                self._looked_up.add(part.key)
                there = finished_runs(self.root) if there is None else there
                finished = there.get(fingerprint(config))
            if finished is not None:
                self._note(part.key, finished, reused=True)
                states[part.key] = State.FINISHED
            elif free:
                self._note(part.key, self._begin(part, config))
                states[part.key] = State.QUEUED
                active += 1
        self._write_status(states, active)
        return active > 0 or bool(self._to_come())

    def _to_come(self) -> list[Part]:
        """The parts that have no run yet and are not left out."""
        known = self.progress.runs.keys() | self.progress.left_out.keys()
        return [part for part in self.config.parts if part.key not in known]

    def runs(self) -> list[Run]:
        """The runs of the study so far."""
        return [noted_run(run_id, self.root) for run_id in self.progress.runs.values()]

    def continue_runs(self) -> None:
        """After an interruption: forget runs that were deleted, continue those that did not finish."""
        there = {key: run_id for key, run_id in self.progress.runs.items() if (self.root / run_id).is_dir()}
        self.progress = StudyProgress(there, [key for key in self.progress.reused if key in there])
        self._save()
        for key, run_id in there.items():
            self._continued(key, noted_run(run_id, self.root))
        self._unnoted = unnoted_runs(self.run.run, set(there.values()))

    def _continued(self, key: str, run: Run) -> State:
        """Continue a run that the study made before it was interrupted; returns its new state."""
        self._attempts[key].continued(run, (State.STOPPED, State.INTERRUPTED, State.FAILED))
        return run.state()

    def _check_runs(self, states: dict[str, State]) -> None:
        """Resume runs whose process was killed; leave out those that failed or were stopped by hand."""
        for key, state in states.items():
            run = noted_run(self.progress.runs[key], self.root)
            if self._attempts[key].resumed(run, state):
                states[key] = State.QUEUED
            elif not state.active and state is not State.FINISHED and key not in self.progress.left_out:
                self._leave_out(key, why_not_finished(run, state))

    def _ready(self, part: Part, states: dict[str, State]) -> AnyConfig | None:
        """The part's config with its weights filled in; None while they do not exist, or if they never will."""
        source = part.source(self.keys)
        if source is None:
            return part.config
        if source in self.progress.left_out:
            self._leave_out(part.key, f"it needs the weights of '{source}', which is missing.")
            return None
        if states.get(source) is not State.FINISHED:
            return None
        run_id = self.progress.runs[source]
        if not (self.root / run_id / MODEL).exists():
            self._leave_out(part.key, f"it needs the weights of '{source}', which has no model.")
            return None
        return with_weights(part.config, run_id)

    def _begin(self, part: Part, config: AnyConfig) -> Run:
        run = create_run(config, root=self.root, name=part.key, study=self.run.path.name)
        try:
            launch(run)
        except RunError as error:
            self._leave_out(part.key, str(error))
        return run

    def _note(self, key: str, run: Run, *, reused: bool = False) -> None:
        self.progress.runs[key] = run.id
        if reused:
            self.progress.reused.append(key)
        self._save()

    def _leave_out(self, key: str, why: str) -> None:
        self.progress.left_out[key] = why
        self._save()

    def _save(self) -> None:
        replace_json(self.run.path / STUDY, asdict(self.progress))

    def _write_status(self, states: dict[str, State], active: int) -> None:
        ensure_dispatcher(self.root)
        done, of = sum(state is State.FINISHED for state in states.values()), len(self.config.parts)
        missing = len(self.progress.left_out)
        message = f"{done} of {of} runs done" + (f", {missing} missing" if missing else "")
        self._status.write(message, active > 0, done + missing, of)
