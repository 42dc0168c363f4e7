"""The trials of a search in ``search.db``, Optuna's own storage: one process writes it."""

import sqlite3
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.pool import QueuePool

from sealife_core.studies.search_results import Trial

DATABASE, NAME = "search.db", "search"
RUN, WHY, REUSED = "run", "why", "reused"  # attributes of a trial in the database
_STATES = {TrialState.COMPLETE: "finished", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}


class TrialStorage:
    """The trials and their measurements, numbered from 0 as in Optuna. Raises errors of SQLAlchemy and Optuna."""

    def __init__(self, folder: Path, pruner: BasePruner) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._pruner = pruner
        self._storage = open_database((folder / DATABASE).resolve())
        self._study = optuna.create_study(
            storage=self._storage, study_name=NAME, direction="maximize", load_if_exists=True, pruner=pruner
        )
        self._study_id = self._storage.get_study_id_from_name(NAME)
        self._ids: dict[int, int] = {}
        self._read: list[FrozenTrial] | None = None

    def trials(self) -> list[FrozenTrial]:
        """All trials in their order; read again only after a change, because a turn asks often."""
        if self._read is None:
            self._read = self._study.get_trials(deepcopy=False)
        return self._read

    def ask(self, sampler: BaseSampler, varied: dict[str, BaseDistribution]) -> tuple[int, dict[str, Any]]:
        """A new trial: its number and its values."""
        self._study.sampler, self._read = sampler, None
        trial = self._study.ask(varied)
        return trial.number, trial.params

    def note(self, number: int, attributes: Mapping[str, Any]) -> None:
        """Set ``attributes`` of a trial: of RUN, WHY and REUSED."""
        for key, value in attributes.items():
            self._storage.set_trial_user_attr(self._id(number), key, value)
        self._read = None

    def report(self, number: int, step: int, value: float) -> None:
        """Record what was measured at ``step``."""
        self._storage.set_trial_intermediate_value(self._id(number), step, value)
        self._read = None

    def is_hopeless(self, number: int) -> bool:
        """Whether the pruner would stop the trial now."""
        return self._pruner.prune(self._study, self._storage.get_trial(self._id(number)))

    def end(self, number: int, state: TrialState, value: float | None = None) -> None:
        """Record how a trial ended."""
        self._study.tell(number, value, state)
        self._read = None

    def _id(self, number: int) -> int:
        if number not in self._ids:
            self._ids[number] = self._storage.get_trial_id_from_study_id_trial_number(self._study_id, number)
        return self._ids[number]


def open_database(path: Path) -> RDBStorage:
    """The database at ``path``. Not by a URL: there "?" would end the path, and Optuna would fill in {}."""
    connect = partial(sqlite3.connect, path, check_same_thread=False)
    return RDBStorage("sqlite://", engine_kwargs={"creator": connect, "poolclass": QueuePool})


def as_trial(trial: FrozenTrial) -> Trial:
    """A trial of Optuna's as ``search.json`` holds it."""
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
        curve={str(step): value for step, value in sorted(trial.intermediate_values.items())},
    )
