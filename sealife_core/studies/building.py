"""What the ready-made studies are built from: the names of their ways, and the settings that all runs of one share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf, sqrt
from typing import Any

from sealife_core.config import SIZES, AnyConfig, FineTuneConfig, Part, ProbeConfig, parse, preset

QUICK, FULL = "Quick", "Full"
STUDY_SIZES = (QUICK, FULL)
RANDOM, IMAGENET, SIMCLR, IMAGENET_SIMCLR = "random", "ImageNet", "SimCLR", "ImageNet → SimCLR"
PROBE, FINE_TUNE = "linear probe", "fine-tune"
ALL_LABELS = "all"  # on an axis of numbers of labels


@dataclass(frozen=True)
class Question:
    """One plain choice on the Studies page and of ``study`` on the command line."""

    title: str
    says: str
    build: "Callable[[Base], Built]"


@dataclass(frozen=True)
class Base:
    """What a study is built on: data, size, seeds; ``source`` is a SimCLR run to start from instead of a new one.

    place: settings of the machine that all its runs share, as ``where``. per_class: training labels of the largest
    class, 0 where that is not known.
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
        """Whether the thorough variant was asked for."""
        return self.size == FULL

    def config(self, task: str, **values: Any) -> AnyConfig:
        """The preset of ``task`` that goes with the size, all on one encoder, stem and image size."""
        little = preset("simclr", self._preset)
        network = self.source_values or {name: getattr(little, name) for name in ("encoder", "stem", "image_size_px")}
        common = {"data": self.data, "data_hash": self.data_hash, **self.place, **network}
        return preset(task, self._preset, **(common | values))

    @property
    def _preset(self) -> str:
        return SIZES[1] if self.full else SIZES[0]

    def pretrained(self, seed: int, weights: str = "random") -> list[Part]:
        """The SimCLR run of that seed that others start from."""
        name, task = (IMAGENET_SIMCLR, "continue") if weights == "imagenet" else (SIMCLR, "simclr")
        return [Part(key=f"{name}, seed {seed}", config=self.config(task, seed=seed, weights=weights))]


Built = tuple[tuple[str, ...], list[Part]]  # the axes, and the parts in an order that works


def budget(labels: str | float) -> float:
    """A number of labels as it stands on an axis: ∞ for "all"."""
    return inf if labels == ALL_LABELS else float(labels)


def with_more_epochs(config: Any, share: float) -> ProbeConfig | FineTuneConfig:
    """Few labels (``share`` % of all) are few steps an epoch: the epochs grow with the square root of what is left out,
    as SimCLR's do."""
    return parse(type(config), config.model_dump() | {"epochs": round(config.epochs * sqrt(100 / share))})
