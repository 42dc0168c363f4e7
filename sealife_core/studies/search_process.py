"""The process of a search: Optuna chooses the values to try next, each trial is a run, and hopeless runs are stopped.

What has been tried is in ``search.db`` (``trial_storage.py``), which only this process writes, so it may be killed at
any moment and resumed. ``search.json`` is a copy for readers. What is tried and what is stopped depends on the seed and
on what the runs measured, never on the clock: with one run at a time, the same search gives the same trials, whether it
was interrupted or not. Therefore a run whose measurements call for a stop is pruned even if it has finished meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from optuna.exceptions import StorageInternalError
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import DatabaseError

from sealife_core.config import AnyConfig, SearchConfig, flattened, nested, parse
from sealife_core.errors import ConfigError, RunError, disk_problem
from sealife_core.runs.directory import create_run, noted_run
from sealife_core.runs.files import MetricsReader
from sealife_core.runs.liveness import State
from sealife_core.runs.run import METRICS, Run
from sealife_core.runs.scheduling.capacity import at_once
from sealife_core.runs.scheduling.queue import ensure_dispatcher, launch, request_stop
from sealife_core.runs.writer import RunWriter
from sealife_core.studies.coordinator import DELETED, Attempts, CoordinatorStatus, until_ended, why_not_finished
from sealife_core.studies.reuse import fingerprint, finished_runs, unnoted_runs
from sealife_core.studies.search_results import Trial, trials_done, write_trials
from sealife_core.studies.search_sampling import distributions, pruner_of, sampler_of
from sealife_core.studies.trial_storage import DATABASE, REUSED, RUN, WHY, TrialStorage, as_trial


def search(config: SearchConfig, run: RunWriter) -> bool:
    """Carry out a search. Returns whether it came to its end (False: it was stopped, and its runs with it).

    Raises RunError if what it has tried so far cannot be read.
    """
    try:
        trials = Search(config, run)
        trials.continue_trials()
        return until_ended(run, trials.turn, lambda: [followed.run for followed in trials.followed.values()])
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
    """A trial whose run has not ended, and what of it was reported to Optuna.

    known: the run had finished before the trial began.
    """

    number: int
    run: Run
    epochs: int
    known: bool
    reader: MetricsReader
    reported: set[int] = field(default_factory=set)
    attempts: Attempts = field(default_factory=Attempts)


class Search:
    """The trials of one search and the runs that carry them out."""

    def __init__(self, config: SearchConfig, run: RunWriter) -> None:
        self.config, self.run, self.root = config, run, run.path.parent
        # One per device: with one more in the queue, its values would be chosen before the last score is known.
        self.width = config.parallel or at_once(config.base)
        self.varied = distributions(config)
        self.storage = TrialStorage(run.path, pruner_of(config))
        self.followed: dict[int, Followed] = {}
        self._written: list[Trial] = []
        self._status = CoordinatorStatus(run)

    def turn(self) -> bool:
        """Read what the runs have measured, begin new ones. Returns whether there is anything to wait for."""
        for followed in list(self.followed.values()):
            self._check(followed)
        while len(self.followed) < self.width and (number := len(self.storage.trials())) < self.config.trials:
            # A sampler with a seed of its own for each trial: an interrupted search continues as it would have.
            self._begin(*self.storage.ask(sampler_of(self.config, number), self.varied))
        self._write_progress()
        return bool(self.followed)

    def _begin(self, number: int, values: Mapping[str, Any]) -> None:
        """Give a trial its run: one with the same settings that exists, or a new one."""
        try:
            base = flattened(self.config.base.model_dump())
            config = parse(type(self.config.base).family(), nested(base | dict(values)))
        except ConfigError as error:
            self._fail(number, str(error))
            return
        twin = self._twin(number, config)
        if twin is not None:
            self.storage.note(number, {RUN: twin.id, REUSED: True})
            self._follow(number, twin)
            return
        noted = {str(trial.user_attrs.get(RUN)) for trial in self.storage.trials()}
        run = unnoted_runs(self.run.run, noted).get(fingerprint(config))
        name = Trial(number + 1, dict(values), "running").name
        run = run or create_run(config, root=self.root, name=name, study=self.run.path.name)
        self.storage.note(number, {RUN: run.id})
        self._follow(number, run)
        try:
            if run.state() is State.CREATED:
                launch(run)
        except RunError as error:
            self._fail(number, str(error))

    def _twin(self, number: int, config: AnyConfig) -> Run | None:
        """A run with the same settings: of another trial of this search, or any that has finished."""
        wanted = fingerprint(config)
        for trial in self.storage.trials():
            run = self._run_of(trial)
            if trial.number != number and run is not None and fingerprint(run.request()) == wanted:
                return run
        return finished_runs(self.root).get(wanted)

    def _run_of(self, trial: FrozenTrial) -> Run | None:
        """The run of a trial, if one is noted and it was not deleted."""
        run = noted_run(str(trial.user_attrs.get(RUN, "")), self.root)
        return run if RUN in trial.user_attrs and run.path.is_dir() else None

    def continue_trials(self) -> None:
        """After an interruption: continue the trials that had not ended, and their runs."""
        for trial in self.storage.trials():
            if trial.state is not TrialState.RUNNING:
                continue
            run = self._run_of(trial)
            if trial.params.keys() != self.varied.keys():
                self._fail(trial.number, "the search ended while it chose the values.")
            elif RUN not in trial.user_attrs:
                self._begin(trial.number, trial.params)
            elif run is None:
                self._fail(trial.number, DELETED)
            else:
                followed = self._follow(trial.number, run)
                followed.reported |= trial.intermediate_values.keys()
                followed.attempts.continued(run, () if self._was_pruned(run) else (State.STOPPED, State.INTERRUPTED))
        self._stop_pruned_again()

    def _stop_pruned_again(self) -> None:
        """Stop the runs of pruned trials that are active: this process may have been killed between the two."""
        wanted = {followed.run.id for followed in self.followed.values()}
        for trial in self.storage.trials():
            run = self._run_of(trial)
            if trial.state is TrialState.PRUNED and run is not None and run.id not in wanted:
                self._stop_run(run)

    def _check(self, followed: Followed) -> None:
        """Report what the run of a trial has measured, and how it ended."""
        run = followed.run
        state = run.state()  # read first: what has finished writes no more
        if self._report(followed):
            return
        if state is State.FINISHED:
            scores = (run.results() or {}).get("val") or {}  # of the model that the run kept
            value = scores.get(self.config.metric.removeprefix("val/"))
            if value is None:
                self._fail(followed.number, f"its run did not measure {self.config.metric}.")
            else:
                self._end(followed.number, TrialState.COMPLETE, value)
        elif state is State.STOPPED and self._was_pruned(run):
            self._prune(followed)
        elif not followed.attempts.resumed(run, state) and not state.active and state is not State.CREATED:
            self._fail(followed.number, why_not_finished(run, state))

    def _report(self, followed: Followed) -> bool:
        """Report every epoch that was measured since the last turn, in order. Returns whether the trial was pruned."""
        for row in followed.reader.poll():
            value, epoch = row.get(self.config.metric), row.get("epoch")
            if value is None or not epoch:  # epoch 0 is the start of a fine-tune: nothing that the trial has learned
                continue
            step = max(1, round(epoch))
            if step in followed.reported:  # a resumed run repeats an epoch
                continue
            followed.reported.add(step)
            self.storage.report(followed.number, step, float(value))
            # Pruning at the last epoch, or of a run that had finished before, would save nothing.
            saves = self.config.pruning and step < followed.epochs and not followed.known
            if saves and self.storage.is_hopeless(followed.number):
                self._prune(followed)
                return True
        return False

    def _prune(self, followed: Followed) -> None:
        """End the trial, then its run, unless another trial waits for the same run."""
        self._end(followed.number, TrialState.PRUNED)
        if all(other.run.id != followed.run.id for other in self.followed.values()):
            self._stop_run(followed.run)

    def _stop_run(self, run: Run) -> None:
        if run.notes()["study"] == self.run.path.name and run.state().active:
            run.write_notes(add_tags=["pruned"])
            request_stop(run)

    def _was_pruned(self, run: Run) -> bool:
        """Whether an earlier trial with this run was pruned."""
        return any(t.state is TrialState.PRUNED and t.user_attrs.get(RUN) == run.id for t in self.storage.trials())

    def _fail(self, number: int, why: str) -> None:
        self.storage.note(number, {WHY: why})
        self._end(number, TrialState.FAIL)

    def _end(self, number: int, state: TrialState, value: float | None = None) -> None:
        self.storage.end(number, state, value)
        self.followed.pop(number, None)

    def _follow(self, number: int, run: Run) -> Followed:
        known = run.state() is State.FINISHED and bool(self.storage.trials()[number].user_attrs.get(REUSED))
        epochs = getattr(run.config(), "epochs", 0)
        self.followed[number] = Followed(number, run, epochs, known, MetricsReader(run.path / METRICS))
        return self.followed[number]

    def _write_progress(self) -> None:
        """``search.json`` once it changes, and the status of the search."""
        ensure_dispatcher(self.root)
        trials = [as_trial(trial) for trial in self.storage.trials()]
        if trials != self._written:
            self._written = trials
            write_trials(self.run.path, trials)
        for trial in trials:
            if trial.state == "failed":
                self.run.warn(f"'{trial.name}' failed: {trial.why}")
        done, message = trials_done(self.config, trials)
        self._status.write(message, bool(self.followed), done, self.config.trials)
