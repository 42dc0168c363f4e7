"""What a study is asked to do: a set of runs that together answer one question."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sealife_core.config.classifier import ClassifierConfig
from sealife_core.config.embed import EmbedConfig
from sealife_core.config.runs import source_run
from sealife_core.config.settings import Settings
from sealife_core.config.simclr import SimclrConfig


class Part(Settings):
    """One run of a study. Its weights may be ``run:KEY`` of an earlier part: those of the run that this becomes.

    cell: where its scores stand in the study's table, axis → value; empty for a run that only prepares others.
    """

    key: str
    config: Annotated[SimclrConfig | ClassifierConfig | EmbedConfig, Field(discriminator="kind")]
    cell: dict[str, str | float] = Field(default_factory=dict)

    def source(self, keys: set[str]) -> str | None:
        """The key among ``keys`` that its weights come from, or None."""
        found = source_run(self.config.weights)
        return found if found in keys else None


class StudyConfig(Settings):
    """A named set of runs, in an order in which each comes after those it needs.

    question: a key of ``studies.questions.QUESTIONS``, or "grid"; it decides how the answer is drawn and said.
    axes: the names of the table's axes, in order; "seed" is never one, for over seeds is averaged.
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
            raise ValueError("The study has no runs; expected one or more. Name at least one value to try.")
        known: set[str] = set()
        every = {part.key for part in self.parts}
        for part in self.parts:
            if part.key in known:
                raise ValueError(f"Two runs of the study are called '{part.key}'. Give each a key of its own.")
            needed = part.source(every)
            if needed is not None and needed not in known:
                raise ValueError(f"'{part.key}' starts from '{needed}', which comes after it. Change their order.")
            known.add(part.key)
        return self
