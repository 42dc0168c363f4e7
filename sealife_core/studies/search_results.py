"""The results of a search: its trials, the best one, the importance of settings. Imports Optuna only for the last."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from sealife_core.config import Axis, SearchConfig, describe
from sealife_core.errors import RunError, SealifeError
from sealife_core.runs.contents import TRIAL_SHAPE
from sealife_core.runs.directory import noted_run
from sealife_core.runs.files import UnreadableFile, read_json, replace_json
from sealife_core.runs.run import TRIALS, Run
from sealife_core.studies.study_cost import seconds_left
from sealife_core.wording import percent

if TYPE_CHECKING:
    import pandas as pd

    from sealife_core.config.search import Value

ENOUGH_TO_WEIGH = 6  # trials; a random forest of fewer means nothing
TrialState = Literal["running", "finished", "pruned", "failed"]


@dataclass(frozen=True)
class Trial:
    """One trial: its values, its run, and the score of that on validation.

    number: from 1 (Optuna's own storage counts from 0). value: the score of the model that the run kept; of a pruned
    trial the last measurement; None while it runs or if it failed (``why`` gives the reason). epochs: at the last
    measurement. reused: its run existed before. curve: epoch → score.
    """

    number: int
    values: "dict[str, Value]"
    state: TrialState
    value: float | None = None
    run_id: str = ""
    epochs: int = 0
    why: str = ""
    reused: bool = False
    curve: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """ "trial 7: learning_rate 0.003, batch_size 64"."""
        return f"trial {self.number}: {', '.join(f'{path} {said(value)}' for path, value in self.values.items())}"


def said(value: "Value") -> str:
    """A value with three digits, which are enough to distinguish two trials."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def search_of(run: Run) -> SearchConfig:
    """The config of a search. Raises RunError if the run is not a search, ConfigError if it cannot be read."""
    request = run.request()
    if not isinstance(request, SearchConfig):
        raise RunError(f"Run '{run.id}' is not a search. Start one: search TASK --vary SETTING=LOW:HIGH")
    return request


def write_trials(folder: Path, trials: Sequence[Trial]) -> None:
    """Write the file that the dashboard reads, which must not open a database that another process writes."""
    replace_json(folder / TRIALS, {"trials": [asdict(trial) for trial in trials]})


def trials_of(run: Run) -> list[Trial]:
    """The readable trials of a search in their order; [] before it began."""
    return read_trials(run)[0]


def read_trials(run: Run) -> tuple[list[Trial], int]:
    """:func:`trials_of`, and how many were left out: damaged ones, and those with values that this search cannot have.

    A file that cannot be read has none; ``Run.problems`` says what is wrong with it.
    """
    try:
        search, rows = search_of(run), (read_json(run.path / TRIALS) or {}).get("trials")
    except (UnreadableFile, SealifeError):
        return [], 0
    whole = {setting.path for setting in describe(type(search.base).family()) if setting.type is int}
    found, left_out = [], 0
    for row in rows if isinstance(rows, list) else []:
        try:
            trial = Trial(**TRIAL_SHAPE.validate_python(row))
        except (ValidationError, TypeError):  # damaged, or written by another version
            left_out += 1
            continue
        fits = all(_lies_on(axis, trial.values, whole=axis.path in whole) for axis in search.axes)
        if fits and len(trial.values) == len(search.axes):
            found.append(trial)
        else:
            left_out += 1
    return found, left_out


def _lies_on(axis: Axis, values: "dict[str, Value]", *, whole: bool) -> bool:
    """Whether ``values`` have a possible value of ``axis``. whole: only whole numbers are."""
    value = values.get(axis.path)
    if axis.choices:
        return axis.path in values and value in axis.choices
    if not isinstance(value, int if whole else int | float) or isinstance(value, bool):
        return False
    low, high = axis.low or 0.0, axis.high or 0.0
    steps = (value - low) / axis.step if axis.step else 0.0
    return low <= value <= high and abs(steps - round(steps)) < 1e-8  # as near as Optuna asks


def best_trial(trials: Sequence[Trial]) -> Trial | None:
    """The finished trial with the highest validation score, the earliest of equals; None without any."""
    finished = [trial for trial in trials if trial.state == "finished" and trial.value is not None]
    return max(finished, key=lambda trial: trial.value or 0.0, default=None)


def trials_done(search: SearchConfig, trials: Sequence[Trial]) -> tuple[int, str]:
    """How many trials have ended, and the progress in words: "7 of 20 trials done, 2 stopped early, best so far …"."""
    counts = {state: sum(trial.state == state for trial in trials) for state in ("pruned", "failed", "running")}
    done, best = len(trials) - counts["running"], best_trial(trials)
    message = f"{done} of {search.trials} trials done"
    message += f", {counts['pruned']} stopped early" if counts["pruned"] else ""
    message += f", {counts['failed']} failed" if counts["failed"] else ""
    message += f", best so far {percent(best.value)}" if best else ""
    return done, message


def epochs_saved(search: SearchConfig, trials: Sequence[Trial]) -> tuple[int, int]:
    """(Epochs that were trained, epochs that these trials would have trained without pruning).

    A run with early stopping counts with its own epochs, a reused run with none.
    """
    own = [trial for trial in trials if not trial.reused and trial.state in ("finished", "pruned")]
    asked = [int(trial.values.get("epochs") or search.base.epochs) for trial in own]
    whole = (trial.epochs if trial.state == "finished" else epochs for trial, epochs in zip(own, asked, strict=True))
    return sum(trial.epochs for trial in own), sum(whole)


def left_s(run: Run, search: SearchConfig, trials: Sequence[Trial]) -> float | None:
    """Seconds that the remaining trials will take; None until one has ended."""
    own = [trial for trial in trials if trial.run_id and not trial.reused]
    ended = [noted_run(trial.run_id, run.root) for trial in own if trial.state != "running"]
    going = [noted_run(trial.run_id, run.root) for trial in own if trial.state == "running"]
    return seconds_left(ended, going, search.trials - sum(trial.state != "running" for trial in trials))


def to_frame(run: Run) -> "pd.DataFrame":
    """One row per trial: number, state, value, epochs, run, and a column for each setting that varied."""
    import pandas as pd

    rows: list[dict[str, Any]] = [
        {"trial": trial.number, "state": trial.state, "value": trial.value, "epochs": trial.epochs,
         "run": trial.run_id, "reused": trial.reused, "why": trial.why} | trial.values
        for trial in trials_of(run)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def compared_at(trials: Sequence[Trial]) -> int | None:
    """The last epoch that every scored trial has reached; None if none was pruned."""
    scored = [trial for trial in trials if trial.state in ("finished", "pruned") and trial.curve]
    if all(trial.state == "finished" for trial in scored):
        return None
    return min(max(map(int, trial.curve)) for trial in scored)


def importance(search: SearchConfig, trials: Sequence[Trial]) -> dict[str, float]:
    """Setting → its share of the variance between the trials, the largest first; sums to 1.

    Functional ANOVA on a random forest (Hutter et al. 2014), by Optuna. If some trials were pruned, of the scores at
    :func:`compared_at`: those that finished are similar in the most important settings and would show only noise. {}
    for too few or equal trials.
    """
    epoch = compared_at(trials)
    found = [(trial, reached(trial, epoch)) for trial in trials if trial.state in ("finished", "pruned")]
    weighed = [(trial, value) for trial, value in found if value is not None]
    if len(weighed) < ENOUGH_TO_WEIGH or len({value for _, value in weighed}) < 2:
        return {}
    import optuna
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    from sealife_core.studies.search_sampling import distributions

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    varied = distributions(search)
    study = optuna.create_study(direction="maximize")
    study.add_trials(
        [
            optuna.trial.create_trial(params=dict(trial.values), distributions=varied, value=value)
            for trial, value in weighed
        ]
    )
    shares = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=search.seed))
    return {path: float(share) for path, share in shares.items()}


def reached(trial: Trial, epoch: int | None) -> float | None:
    """The best score of a trial up to ``epoch``; with None, its final score."""
    if epoch is None:
        return trial.value
    return max((value for step, value in trial.curve.items() if int(step) <= epoch), default=None)
