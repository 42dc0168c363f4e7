"""Shared parts of the ready-made studies: names of encoders and uses, and the settings that all runs of one share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, sqrt
from typing import Any

from sealife_core.config import (
    SIZES,
    AnyConfig,
    FineTuneConfig,
    Part,
    ProbeConfig,
    StudyConfig,
    describe,
    parse,
    preset,
)
from sealife_core.errors import ConfigError

QUICK, FULL = "Quick", "Full"
STUDY_SIZES = (QUICK, FULL)
RANDOM, IMAGENET, SIMCLR, IMAGENET_SIMCLR = "random", "ImageNet", "SimCLR", "ImageNet → SimCLR"
PROBE, FINE_TUNE = "linear probe", "fine-tune"
ALL_LABELS = "all"  # on an axis of numbers of labels


@dataclass(frozen=True)
class Question:
    """One choice on the Studies page and of the command ``study``."""

    title: str
    says: str
    axes: tuple[str, ...]
    build: "Callable[[Base, int], list[Part]]"  # those of one seed, in an order that works


@dataclass(frozen=True)
class Base:
    """What all runs of a study share: data, size, seeds; ``source``: a SimCLR run to start from instead of a new one.

    place: settings of the machine, such as ``where``. per_class: training labels of the largest class, 0 if unknown.
    """

    data: str
    data_hash: str
    size: str
    seeds: tuple[int, ...]
    encoders: tuple[str, ...]
    place: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    source_values: Mapping[str, Any] | None = None
    per_class: int = 0

    @property
    def full(self) -> bool:
        """Whether the size is FULL."""
        return self.size == FULL

    def config(self, task: str, **values: Any) -> AnyConfig:
        """The preset of ``task`` for the size, with the encoder, stem and image size of the study."""
        little = preset("simclr", self._preset)
        network = self.source_values or {name: getattr(little, name) for name in ("encoder", "stem", "image_size_px")}
        common = {"data": self.data, "data_hash": self.data_hash, **self.place, **network}
        return preset(task, self._preset, **(common | values))

    @property
    def _preset(self) -> str:
        return SIZES[1] if self.full else SIZES[0]

    def pretrained(self, seed: int, weights: str = "random") -> Part:
        """The SimCLR run with this seed that other runs start from."""
        name, task = (IMAGENET_SIMCLR, "continue") if weights == "imagenet" else (SIMCLR, "simclr")
        return Part(key=f"{name}, seed {seed}", config=self.config(task, seed=seed, weights=weights))

    def weights(self, seed: int) -> tuple[list[Part], dict[str, str]]:
        """The SimCLR runs with this seed that the encoders come from, and the weights of each encoder."""
        parts: list[Part] = []
        weights = {RANDOM: "random", IMAGENET: "imagenet", SIMCLR: f"run:{self.source}"}
        for name, start in ((SIMCLR, "random"), (IMAGENET_SIMCLR, "imagenet")):
            if name in self.encoders and not (name == SIMCLR and self.source):
                parts.append(self.pretrained(seed, start))
                weights[name] = f"run:{parts[-1].key}"
        return parts, weights


def budget(labels: str | float) -> float:
    """A number of labels for sorting: ∞ for "all"."""
    return inf if labels == ALL_LABELS else float(labels)


def with_more_epochs(config: Any, share: float) -> ProbeConfig | FineTuneConfig:
    """``config`` for ``share`` % of the labels, with more epochs, by the square root of 100 / share: its epochs are
    shorter. As many as a run may have, at most."""
    (setting,) = (setting for setting in describe(type(config)) if setting.path == "epochs")
    epochs = setting.clipped(round(config.epochs * sqrt(100 / share)))
    return parse(type(config), config.model_dump() | {"epochs": epochs})


MOST_SEEDS = 100


def check_seeds(seeds: int | None) -> None:
    """Raises ConfigError for a number of seeds that no study has."""
    if seeds is not None and not 1 <= seeds <= MOST_SEEDS:
        raise ConfigError([f"'seeds' is {seeds}; expected a whole number from 1 to {MOST_SEEDS}."])


def parse_study(title: str, question: str, axes: Sequence[str], parts: Sequence[Part], base: Base) -> StudyConfig:
    """The study of ``parts``, checked. Raises ConfigError."""
    values = {
        "title": title, "question": question, "size": base.size, "data": base.data, "data_hash": base.data_hash,
        "axes": list(axes), "parts": [part.model_dump() for part in parts],
    }  # fmt: skip
    return parse(StudyConfig, values)
