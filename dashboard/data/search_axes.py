"""Which settings a search can vary, which it varies by default, and which values can be chosen."""

from collections.abc import Sequence
from typing import Any

from sealife_core.config import Setting
from sealife_core.models.facts import OFFERED

ENCODER = "encoder"
# What most changes how well each kind of run does, and so what a search varies by default.
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
    """What can be chosen for ``setting``: its default ``values``; of encoders, all that are offered too."""
    return list(dict.fromkeys([*OFFERED, *values])) if setting.path == ENCODER else values
