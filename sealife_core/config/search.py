"""What a search for good settings is asked to do: one run's config, the settings that vary, how many trials."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from pydantic import Field, model_validator

from sealife_core.config.any_config import TrainedField
from sealife_core.config.fine_tune import FineTuneConfig
from sealife_core.config.probe import SETTINGS_OF_STEPS, ProbeConfig
from sealife_core.config.settings import Setting, Settings, describe, expected, nearest, nested, parse
from sealife_core.config.simclr import SimclrConfig
from sealife_core.errors import ConfigError

Value = bool | int | float | str | None
Searched = SimclrConfig | ProbeConfig | FineTuneConfig
# The score that the trials are ranked by: always on validation images, and always better if higher. Never the loss: its
# scale changes with the temperature, the batch size and the loss function.
MEASURES: dict[str, tuple[str, ...]] = {"simclr": ("val/knn_accuracy",), "classifier": ("val/macro_f1", "val/accuracy")}
_HOW = "it decides {} a run is {}, not what it learns. Set it for all runs instead."
# Settings that a search may not vary, and why not.
FIXED = {
    "data": "scores on different data sets cannot be compared. Search each data set separately.",
    "seed": "the best of many seeds is only the luckiest. Compare settings, then repeat the best with other seeds.",
    **dict.fromkeys(("device", "devices", "threads", "where", "cluster_cores"), _HOW.format("where", "carried out")),
    **dict.fromkeys(("wandb", "wandb_project", "wandb_model", "tensorboard"), _HOW.format("where", "recorded")),
    **dict.fromkeys(("monitor_every", "knn_k"), _HOW.format("how", "measured")),
}


class Axis(Settings):
    """One setting that varies: among ``choices``, or from ``low`` to ``high``.

    log: on a scale of factors, as suits rates. step: only low, low + step, low + 2 · step, …
    """

    path: str
    choices: tuple[Value, ...] = ()
    low: float | None = None
    high: float | None = None
    log: bool = False
    step: float | None = None

    @property
    def says(self) -> str:
        """What is tried, for people: "0.0001 to 0.01, on a log scale", "32, 64 or 128"."""
        if self.choices:
            *most, last = (str(choice) for choice in self.choices)
            return f"{', '.join(most)} or {last}" if most else last
        scale = ", on a log scale" if self.log else f", in steps of {self.step:g}" if self.step else ""
        return f"{self.low or 0:g} to {self.high or 0:g}{scale}"


class SearchConfig(Settings):
    """Trials of ``base`` with other values on ``axes``, each a run of its own, to find what scores best on validation.

    metric: one of ``MEASURES[base.kind]``. pruning: stop a run whose best epoch so far is below the median of the
    earlier runs at that epoch; none is judged before ``judged_from`` epochs are done. parallel: runs at a time, 0 for
    one a device.
    """

    kind: Literal["search"] = "search"
    title: str
    base: TrainedField
    axes: tuple[Axis, ...]
    trials: int = Field(20, ge=1, le=1000)
    seed: int = Field(0, ge=0, le=2**31 - 1)
    metric: str
    pruning: bool = True
    judged_from: int = Field(1, ge=1)
    parallel: int = Field(0, ge=0, le=64)

    @property
    def data(self) -> str:
        """The data set that the trials train on."""
        return self.base.data

    @property
    def data_hash(self) -> str:
        """The content hash of that data set at the launch."""
        return self.base.data_hash

    @model_validator(mode="after")
    def _axes_fit_the_settings(self) -> "SearchConfig":
        problems = [] if self.axes else ["Nothing varies; expected at least one setting with the values to try."]
        paths = [axis.path for axis in self.axes]
        problems += repeated(self.axes)
        problems += [problem for axis in self.axes for problem in axis_problems(axis, type(self.base).family())]
        solved = isinstance(self.base, ProbeConfig) and "optimiser" not in paths
        problems += [
            f"'{path}' has no effect with the optimiser 'lbfgs'. Vary weight_decay, or set optimiser to 'adamw'."
            for path in paths
            if solved and path in SETTINGS_OF_STEPS
        ]
        chooses = isinstance(self.base, ProbeConfig) and self.base.choose_penalty and "choose_penalty" not in paths
        if chooses and "weight_decay" in paths:
            problems.append("'weight_decay' has no effect where the penalty is chosen. Set choose_penalty to false.")
        if self.metric not in MEASURES[self.base.kind]:
            known = " or ".join(MEASURES[self.base.kind])
            problems.append(f"Trials cannot be ranked by '{self.metric}'; expected {known}, measured on validation.")
        if self.pruning and isinstance(self.base, SimclrConfig) and self.base.monitor_every == 0:
            problems.append(
                "Nothing is measured during training (monitor_every 0), so no trial can be stopped early."
                " Set monitor_every to 1 or more."
            )
        if problems:
            raise ValueError("\n".join(problems))
        return self


def build_search(
    base: Searched,
    axes: Sequence[Axis],
    *,
    title: str = "",
    trials: int = 20,
    metric: str = "",
    pruning: bool = True,
    parallel: int = 0,
) -> SearchConfig:
    """A search around ``base``, seeded as it is, with the usual metric of its kind. Raises ConfigError.

    With pruning, SimCLR is measured at least ten times (``monitor_every``), so that a hopeless run is seen. Runs that
    are planned in minutes are not pruned: each has a number of epochs of its own, and its rate falls at their end.
    """
    pruning = pruning and not getattr(base, "minutes", 0)
    if pruning and isinstance(base, SimclrConfig):
        often = max(1, base.epochs // 10)
        base = base.model_copy(update={"monitor_every": min(base.monitor_every or often, often)})
    values = {
        "title": title or f"Search of {', '.join(axis.path for axis in axes)}",
        "base": base.model_dump(), "axes": [axis.model_dump() for axis in axes], "trials": trials, "seed": base.seed,
        "metric": metric or MEASURES[base.kind][0], "pruning": pruning, "judged_from": judged_from(base),
        "parallel": parallel,
    }  # fmt: skip
    return parse(SearchConfig, values)


def repeated(axes: Sequence[Axis]) -> list[str]:
    """One sentence for each setting that varies on two of ``axes``."""
    counts = Counter(axis.path for axis in axes)
    return [f"'{path}' is given twice. Give it once." for path, n in counts.items() if n > 1]


def axis_problems(axis: Axis, model: type[Settings]) -> list[str]:
    """One sentence for each thing that keeps ``axis`` from varying a setting of ``model``."""
    settings = {setting.path: setting for setting in describe(model)}
    setting = settings.get(axis.path)
    if setting is None:
        near = nearest(axis.path, list(settings))
        return [f"There is no setting '{axis.path}' to vary." + (f" Did you mean '{near}'?" if near else "")]
    if setting.path in FIXED:
        return [f"'{setting.path}' cannot be searched: {FIXED[setting.path]}"]
    return _choice_problems(axis, setting, model) if axis.choices else range_problems(axis, setting)


def _choice_problems(axis: Axis, setting: Setting, model: type[Settings]) -> list[str]:
    if len(set(axis.choices)) < 2:
        there = repr(axis.choices[0])
        return [f"'{axis.path}' has one value to try, {there}; expected two or more. Set it for all runs instead."]
    if setting.type is str and not setting.choices:  # a text that the config itself can read, or not
        return [problem for choice in axis.choices for problem in _unread(model, setting.path, choice)]
    return [
        f"'{axis.path}' got the value {choice!r}; expected {expected(setting)}."
        for choice in axis.choices
        if not _fits(choice, setting)
    ]


def _unread(model: type[Settings], path: str, text: Value) -> list[str]:
    try:
        parse(model, nested({path: text}))
    except ConfigError as error:
        return error.problems
    return []


def range_problems(axis: Axis, setting: Setting) -> list[str]:
    """One sentence for what keeps a range from being one of ``setting``; [] for a good one."""
    low, high, step = axis.low, axis.high, axis.step
    if setting.type not in (int, float):
        return [f"'{axis.path}' is not a number; expected values separated by commas: {expected(setting)}."]
    if low is None or high is None:
        return [f"'{axis.path}' has no values to try; expected a range, or values separated by commas."]
    said = f"'{axis.path}' got the range {low:g} to {high:g}"
    if not low < high:
        return [f"{said}; expected the lower end first."]
    if (setting.clipped(low), setting.clipped(high)) != (low, high):
        return [f"{said}; expected {expected(setting)}."]
    if setting.type is int and not all(end is None or end == int(end) for end in (low, high, step)):
        return [f"{said}; expected whole numbers."]
    if axis.log and low <= 0:
        return [f"{said} on a log scale, which has no 0; expected a lower end above 0, such as {high / 1000:g}."]
    if axis.log and step is not None:
        return [f"{said}, on a log scale and in steps of {step:g}; expected one of the two."]
    if step is not None and not 0 < step <= high - low:
        return [f"{said} in steps of {step:g}; expected a step above 0 that fits into the range."]
    return []


def _fits(value: Value, setting: Setting) -> bool:
    """Whether the setting may have this value, whatever the others are."""
    if value is None:
        return setting.optional
    if setting.choices:
        return value in setting.choices
    if setting.type is bool:
        return isinstance(value, bool)
    if not isinstance(value, int | float) or isinstance(value, bool) or (setting.type is int and value != int(value)):
        return False
    return setting.clipped(value) == value


def searchable(model: type[Settings]) -> list[Setting]:
    """The settings of ``model`` that a search may vary, in order."""
    return [setting for setting in describe(model) if setting.path not in FIXED]


def judged_from(base: Searched) -> int:
    """Epochs before which no run is judged: a third of its length, for SimCLR at least two measurements.

    With one cycle two thirds: its rate is highest after three tenths, where a run that ends well looks hopeless. On the
    reef the best of twenty (rate 0.004, nine epochs) had macro-F1 .05 after three epochs, .27 after six and .54 at the
    end; one at 0.00025 had .17, .33 and .35.
    """
    share = 2 / 3 if isinstance(base, FineTuneConfig) and base.schedule == "onecycle" else 1 / 3
    first = max(1, round(share * base.epochs))
    return max(first, 2 * base.monitor_every) if isinstance(base, SimclrConfig) else first
