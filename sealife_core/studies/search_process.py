"""The process of a search: Optuna names the values to try next, each trial is a run, and hopeless ones are stopped.

What has been tried is in ``search.db``, Optuna's own storage, which this process alone writes; so it may be killed at
any moment, and resumed. ``search.json`` says the same for those who only look. What is tried and what is stopped
depends on the seed and on what the runs measured, never on the clock: one run at a time, the same search comes out
again, whether or not it was interrupted. So a run whose measured values call for a stop is given up even where it was
faster than whoever looked.
"""

import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import QueuePool

from sealife_core.config import AnyConfig, SearchConfig, flattened, nested, parse
from sealife_core.errors import ConfigError, RunError, disk_problem
from sealife_core.runs.directory import MetricsReader, Run, create_run
from sealife_core.runs.liveness import State
from sealife_core.runs.run import METRICS
from sealife_core.runs.scheduling.capacity import at_once
from sealife_core.runs.scheduling.queue import ensure_dispatcher, launch, request_stop
from sealife_core.runs.scheduling.queue import resume_or_begin_anew as resume
from sealife_core.runs.writer import RunWriter
from sealife_core.studies.coordinator import BEAT_S, MOST_RESUMES, TICK_S
from sealife_core.studies.reuse import fingerprint, finished_runs, unnoted_runs
from sealife_core.studies.search_results import Trial, best_trial, write_trials
from sealife_core.studies.search_sampling import distributions, pruner_of, sampler_of

DATABASE, NAME = "search.db", "search"
PRUNED_TAG = "pruned"
RUN, WHY, REUSED = "run", "why", "reused"  # what is noted of a trial in the database
_STATES = {TrialState.COMPLETE: "finished", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}


def search(config: SearchConfig, run: RunWriter) -> bool:
    """Carry out a search. Returns whether it came to its end (False: it was stopped, and its runs with it).

    Raises RunError where what it has tried so far cannot be read.
    """
    try:
        return Search(config, run).until_done()
    except (DatabaseError, StorageInternalError) as error:
        if disk_problem(error) is not None:
            raise
        cause = error.orig if isinstance(error, DatabaseError) else error.__cause__
        raise RunError(
            f"{DATABASE}, which holds what this search has tried, is damaged ({cause}). Put the file back from a copy,"
            " or launch the same search again: what its runs have measured counts, and no finished run is repeated."
        ) from error


@dataclass
class Followed:
    """A trial whose run goes on: what of it was told to Optuna already.

    known: the run had finished before the trial began. stopping: it still obeys the stop that the search obeyed before
    it was resumed.
    """

    number: int
    trial_id: int
    run: Run
    epochs: int
    known: bool
    reader: MetricsReader
    reported: set[int] = field(default_factory=set)
    resumes: int = 0
    stopping: bool = False


class Search:
    """Knows the trials of one search and the runs they became."""

    def __init__(self, config: SearchConfig, run: RunWriter) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.config, self.run, self.root = config, run, run.path.parent
        # One a device: with one more, waiting, each value would be chosen before the last score is known.
        self.width = config.parallel or at_once(config.base)
        self.varied = distributions(config)
        self.pruner = pruner_of(config)
        self.storage = _storage((run.path / DATABASE).resolve())
        self.study = optuna.create_study(
            storage=self.storage, study_name=NAME, direction="maximize", load_if_exists=True, pruner=self.pruner
        )
        self.study_id = self.storage.get_study_id_from_name(NAME)
        self.followed: dict[int, Followed] = {}
        self._read: list[FrozenTrial] | None = None
        self._told: list[Trial] = []
        self._said, self._said_at = "", 0.0

    def until_done(self) -> bool:
        """Turn after turn, until every trial has ended."""
        self._take_up()
        while not self.run.stop_requested():
            if not self.turn():
                return True
            time.sleep(TICK_S)
        for followed in self.followed.values():
            if followed.run.state().active:
                request_stop(followed.run)
        return False

    def turn(self) -> bool:
        """See what came of the runs, begin new ones. Returns whether there is anything to wait for."""
        for followed in list(self.followed.values()):
            self._look_after(followed)
        while len(self.followed) < self.width and len(self._trials()) < self.config.trials:
            self._ask()
        self._tell()
        return bool(self.followed)

    def _ask(self) -> None:
        """One more trial. Its sampler has a seed of its own, so that an interrupted search goes on as it would have."""
        self.study.sampler = sampler_of(self.config, len(self._trials()))
        trial = self.study.ask(self.varied)
        self._read = None
        self._begin(trial.number, trial.params)

    def _begin(self, number: int, values: Mapping[str, Any]) -> None:
        """Give a trial its run: one that was asked the same before, or a new one."""
        trial = Trial(number + 1, dict(values), "running")
        try:
            base = flattened(self.config.base.model_dump())
            config = parse(type(self.config.base).family(), nested(base | dict(values)))
        except ConfigError as error:
            self._fail(number, str(error))
            return
        twin = self._twin(number, config)
        if twin is not None:
            self._note(number, **{RUN: twin.id, REUSED: True})
            self._follow(number, twin, config.epochs)
            return
        noted = {str(trial.user_attrs.get(RUN)) for trial in self._trials()}
        run = unnoted_runs(self.run.run, noted).get(fingerprint(config))
        run = run or create_run(config, root=self.root, name=trial.name, study=self.run.path.name)
        self._note(number, **{RUN: run.id})
        self._follow(number, run, config.epochs)
        try:
            if run.state() is State.CREATED:
                launch(run)
        except RunError as error:
            self._fail(number, str(error))

    def _twin(self, number: int, config: AnyConfig) -> Run | None:
        """A run that is asked the same: one that another trial of this search became, or any that has finished."""
        wanted = fingerprint(config)
        for trial in self._trials():
            run = Run(self.root / str(trial.user_attrs.get(RUN, "")))
            is_other = trial.number != number and RUN in trial.user_attrs and run.path.is_dir()
            if is_other and fingerprint(run.request()) == wanted:
                return run
        return finished_runs(self.root).get(wanted)

    def _take_up(self) -> None:
        """After an interruption: go on with the trials that had not ended, and with their runs."""
        for trial in self._trials():
            run_id = trial.user_attrs.get(RUN)
            if trial.state is not TrialState.RUNNING:
                continue
            if trial.params.keys() != self.varied.keys():
                self._fail(trial.number, "the search ended while it chose the values.")
                continue
            if run_id is None:
                self._begin(trial.number, trial.params)
                continue
            run = Run(self.root / run_id)
            if not run.path.is_dir():
                self._fail(trial.number, "its run was deleted.")
                continue
            followed = self._follow(trial.number, run, _epochs(run))
            followed.reported |= trial.intermediate_values.keys()
            state = run.state()
            if state in (State.STOPPED, State.INTERRUPTED) and not self._was_pruned(run):
                resume(run)
            elif state is State.CREATED:
                launch(run)
            followed.stopping = state.active and run.stop_requested()
        self._stop_given_up()

    def _stop_given_up(self) -> None:
        """Stop the runs of pruned trials again: this process may have been killed between the two."""
        wanted = {followed.run.id for followed in self.followed.values()}
        for trial in self._trials():
            run = Run(self.root / str(trial.user_attrs.get(RUN, "")))
            if trial.state is TrialState.PRUNED and run.id not in wanted and run.path.is_dir() and run.state().active:
                self._give_up(run)

    def _look_after(self, followed: Followed) -> None:
        """Tell Optuna what its run has measured, and how it ended."""
        run = followed.run
        state = run.state()  # asked first: what has finished writes no more
        if self._judged(followed):
            return
        if state is State.FINISHED:
            value = self._score(followed)
            if value is None:
                self._fail(followed.number, f"its run did not measure {self.config.metric}.")
            else:
                self._end(followed.number, TrialState.COMPLETE, value)
        elif state is State.STOPPED and self._was_pruned(run):
            self._prune(followed)
        elif state is State.STOPPED and followed.stopping:
            followed.stopping = False
            resume(run)
        elif state is State.INTERRUPTED and followed.resumes < MOST_RESUMES:
            followed.resumes += 1
            resume(run)
        elif not state.active and state is not State.CREATED:
            error = run.error()
            said = error["what"] if error else "it was stopped by hand." if state is State.STOPPED else str(state)
            self._fail(followed.number, said if run.path.is_dir() else "its run was deleted.")

    def _judged(self, followed: Followed) -> bool:
        """Report every epoch that was measured since the last look, in order. Returns whether the run was given up."""
        for row in followed.reader.poll():
            value, epoch = row.get(self.config.metric), row.get("epoch")
            if value is None or not epoch:  # epoch 0 is the start of a fine-tune: nothing that the trial has learned
                continue
            step = max(1, round(epoch))
            if step in followed.reported:  # a resumed run does an epoch again
                continue
            followed.reported.add(step)
            self.storage.set_trial_intermediate_value(followed.trial_id, step, float(value))
            self._read = None
            # At its last epoch there is nothing left to be saved, and of what was there before nothing at all.
            saves = self.config.pruning and step < followed.epochs and not followed.known
            if saves and self.pruner.prune(self.study, self.storage.get_trial(followed.trial_id)):
                self._prune(followed)
                return True
        return False

    def _prune(self, followed: Followed) -> None:
        """End the trial, then its run, unless another trial waits for the same one."""
        self._end(followed.number, TrialState.PRUNED)
        if all(other.run.id != followed.run.id for other in self.followed.values()):
            self._give_up(followed.run)

    def _give_up(self, run: Run) -> None:
        if run.notes()["study"] == self.run.path.name and run.state().active:
            run.write_notes(add_tags=[PRUNED_TAG])
            request_stop(run)

    def _was_pruned(self, run: Run) -> bool:
        """Whether an earlier trial that became this run was given up."""
        return any(t.state is TrialState.PRUNED and t.user_attrs.get(RUN) == run.id for t in self._trials())

    def _score(self, followed: Followed) -> float | None:
        """What the model that the run kept scores on validation."""
        scores = (followed.run.results() or {}).get("val") or {}
        return scores.get(self.config.metric.removeprefix("val/"))

    def _fail(self, number: int, why: str) -> None:
        self._note(number, **{WHY: why})
        self._end(number, TrialState.FAIL)

    def _end(self, number: int, state: TrialState, value: float | None = None) -> None:
        self.study.tell(number, value, state)
        self.followed.pop(number, None)
        self._read = None

    def _note(self, number: int, **told: Any) -> None:
        for key, value in told.items():
            self.storage.set_trial_user_attr(self._trial_id(number), key, value)
        self._read = None

    def _follow(self, number: int, run: Run, epochs: int) -> Followed:
        known = run.state() is State.FINISHED and bool(self._trials()[number].user_attrs.get(REUSED))
        reader = MetricsReader(run.path / METRICS)
        self.followed[number] = Followed(number, self._trial_id(number), run, epochs, known, reader)
        return self.followed[number]

    def _trial_id(self, number: int) -> int:
        return self.storage.get_trial_id_from_study_id_trial_number(self.study_id, number)

    def _trials(self) -> list[FrozenTrial]:
        """All of them in their order; read again only once something was written, for a turn asks often."""
        if self._read is None:
            self._read = self.study.get_trials(deepcopy=False)
        return self._read

    def _tell(self) -> None:
        """Where the search stands, once it changes; else a sign of life now and then."""
        ensure_dispatcher(self.root)
        trials = [_plain(trial) for trial in self._trials()]
        if trials != self._told:
            self._told = trials
            write_trials(self.run.path, trials)
        for trial in trials:
            if trial.state == "failed":
                self.run.warn(f"'{trial.name}' failed: {trial.why}")
        counts = {state: sum(trial.state == state for trial in trials) for state in ("pruned", "failed", "running")}
        done, best = len(trials) - counts["running"], best_trial(trials)
        said = f"{done} of {self.config.trials} trials done"
        said += f", {counts['pruned']} stopped early" if counts["pruned"] else ""
        said += f", {counts['failed']} failed" if counts["failed"] else ""
        said += f", best so far {100 * (best.value or 0):.1f} %" if best else ""
        if said != self._said or time.monotonic() - self._said_at >= BEAT_S:
            self._said, self._said_at = said, time.monotonic()
            stage = "running" if self.followed else ""
            self.run.status(stage=stage, message=said, step=done, steps=self.config.trials)


def _storage(path: Path) -> RDBStorage:
    """The database at ``path``, which no URL names: there, "?" would end it, and Optuna would fill in what is in {}."""
    connect = partial(sqlite3.connect, path, check_same_thread=False)
    return RDBStorage("sqlite://", engine_kwargs={"creator": connect, "poolclass": QueuePool})


def _plain(trial: FrozenTrial) -> Trial:
    """A trial of Optuna's as it is kept for those who look."""
    curve = {str(step): value for step, value in sorted(trial.intermediate_values.items())}
    state: Any = _STATES.get(trial.state, "running")
    return Trial(
        number=trial.number + 1,
        values=dict(trial.params),
        state=state,
        value=trial.value if trial.state in (TrialState.COMPLETE, TrialState.PRUNED) else None,
        run_id=str(trial.user_attrs.get(RUN, "")),
        epochs=trial.last_step or 0,
        why=str(trial.user_attrs.get(WHY, "")),
        reused=bool(trial.user_attrs.get(REUSED, False)),
        curve=curve,
    )


def _epochs(run: Run) -> int:
    config = run.config()
    return getattr(config, "epochs", 0)
