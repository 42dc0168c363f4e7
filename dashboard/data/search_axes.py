"""Which settings a search can vary, which it begins with, and among which values a choice is made."""

from collections.abc import Sequence
from typing import Any

from sealife_core.config import Setting
from sealife_core.models.facts import OFFERED

ENCODER = "encoder"
# What most changes how well each kind of run goes, and so what a search begins with.
FIRST = {
    "simclr": ("learning_rate", "temperature", "views.strength"),
    "probe": ("weight_decay", "class_weights"),
    "finetune": ("learning_rate", "encoder_rate_factor", "weight_decay"),
    "transfer": ("learning_rate", "encoder_rate_factor", "weight_decay"),
    "resnet50": ("learning_rate", "encoder_rate_factor", "dropout"),
    "scratch": ("learning_rate", "weight_decay", "label_smoothing"),
}


def variable(settings: Sequence[Setting]) -> dict[str, Setting]:
    """Path → setting, of those that a search can vary: numbers, switches, choices and the encoder."""
    return {s.path: s for s in settings if s.type is not str or s.choices or s.path == ENCODER}


def offered(setting: Setting, values: Sequence[Any]) -> Sequence[Any]:
    """What can be chosen for ``setting``: ``values``, those it begins with; of encoders, all that are offered."""
    return list(dict.fromkeys([*OFFERED, *values])) if setting.path == ENCODER else values
