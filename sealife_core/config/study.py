"""What a study is asked to do: a set of runs that together answer one question."""

from collections.abc import Callable
from typing import Literal

from pydantic import Field, model_validator

from sealife_core.config.any_config import AnyField
from sealife_core.config.runs import source_run
from sealife_core.config.settings import Settings


def _any(value: str | float) -> bool:
    return True


def _text(value: str | float) -> bool:
    return isinstance(value, str)


def _number(value: str | float) -> bool:
    return isinstance(value, int | float) and value >= 0


def _share(value: str | float) -> bool:
    return _number(value) and value != 0


def _budget(value: str | float) -> bool:
    return value == "all" or _share(value)


# The axes that the answer to a question is read along, and what may stand on them. A sweep has one, of its own name.
AXES: dict[str, dict[str, Callable[[str | float], bool]]] = {
    "labels": {"encoder": _text, "use": _text, "labels": _share},
    "helps": {"encoder": _text, "use": _text, "labels": _budget},
    "depth": {"stages": _number},
    "views": {"views": _text, "first": _text, "second": _text},
    "imbalance": {"ratio": _number, "loss": _text},
    **{sweep: {sweep: _any} for sweep in ("temperature", "head", "batch_size", "strength")},
}


class Part(Settings):
    """One run of a study. Its weights may be ``run:KEY`` of an earlier part: those of the run that this becomes.

    cell: where its scores stand in the study's table, axis → value; empty for a run that only prepares others.
    """

    key: str
    config: AnyField
    cell: dict[str, str | float] = Field(default_factory=dict)

    def source(self, keys: set[str]) -> str | None:
        """The key among ``keys`` that its weights come from, or None."""
        found = source_run(self.config.weights)
        return found if found in keys else None


class StudyConfig(Settings):
    """A named set of runs, in an order in which each comes after those it needs.

    question: a key of ``studies.questions.QUESTIONS``, or "grid"; it decides how the answer is drawn and said.
    axes: the names of the table's axes, in order; never "seed", because results are averaged over seeds.
    """

    kind: Literal["study"] = "study"
    title: str
    question: str = "grid"
    size: str = ""
    data: str
    data_hash: str = ""
    axes: tuple[str, ...] = ()
    parts: tuple[Part, ...]

    @model_validator(mode="after")
    def _parts_come_after_what_they_need(self) -> "StudyConfig":
        if not self.parts:
            raise ValueError("The study has no runs; expected one or more. Give at least one value to try.")
        known: set[str] = set()
        every = {part.key for part in self.parts}
        for part in self.parts:
            if part.key in known:
                raise ValueError(f"Two runs of the study have the key '{part.key}'. Give each run another key.")
            needed = part.source(every)
            if needed is not None and needed not in known:
                raise ValueError(f"'{part.key}' starts from '{needed}', which comes after it. Change their order.")
            known.add(part.key)
        return self

    @model_validator(mode="after")
    def _cells_lie_on_the_axes(self) -> "StudyConfig":
        axes = AXES.get(self.question, dict.fromkeys(self.axes, _any))
        if set(self.axes) != set(axes):
            raise ValueError(f"The axes of '{self.question}' are {', '.join(axes)}; got {', '.join(self.axes)}.")
        for part in self.parts:
            fits = part.cell.keys() == axes.keys() and all(axes[axis](value) for axis, value in part.cell.items())
            if part.cell and not fits:
                raise ValueError(
                    f"'{part.key}' has the axes {part.cell}; expected a value for each of {', '.join(axes)}."
                )
        return self
