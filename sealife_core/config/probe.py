"""What a linear probe is asked to do that L-BFGS solves on frozen features."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import model_validator

from sealife_core.config.classifier import ClassifierConfig, optimiser_choice
from sealife_core.config.fine_tune import STARTS_FROM_ITSELF, FineTuneConfig
from sealife_core.config.runs import optimiser_setting

# The L2 penalties among which one is chosen on validation, the largest first: a factor of about three apart. ImageNet's
# features of 23 classes of photographs are best at 0.1 with all labels and at 1 with 20 a class; SimCLR's at 0.03.
PENALTIES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003)
# Settings that mean nothing to a solver that sees the same images at every step, and the values that they must have.
_SAME_LOSS = {"trained_stages": 0, "augmentation": "none", "dropout": 0}
_ENDS_ITSELF = {"minutes": 0, "ema_decay": 0}


class ProbeConfig(ClassifierConfig):
    """Logistic regression on the features of a frozen encoder. Its loss is convex: every seed gives the same answer."""

    optimiser: Literal["lbfgs"] = optimiser_choice("lbfgs")
    choose_penalty: bool = optimiser_setting(
        False,
        f"Fit the probe with {len(PENALTIES)} L2 penalties from {PENALTIES[0]:g} to {PENALTIES[-1]:g} and keep the one"
        " with the best validation macro-F1. Weight decay is used where there are too few validation images to choose."
        " Only for L-BFGS.",
        title="Choose the penalty",
    )

    @model_validator(mode="before")
    @classmethod
    def _without_settings_of_steps(cls, values: Any) -> Any:
        """Older files and the form hold the settings of every classifier: those of steps are left out here."""
        if not isinstance(values, Mapping):
            return values
        other = [f"{name} {values[name]!r}" for name, only in _SAME_LOSS.items() if values.get(name, only) != only]
        if other:
            raise ValueError(
                f"The optimiser 'lbfgs' works only for a linear probe without random changes; got {', '.join(other)},"
                " expected trained_stages 0, augmentation 'none' and dropout 0."
                " Set these values, or set optimiser to 'adamw'."
            )
        if idle := [f"{name} {values[name]}" for name, only in _ENDS_ITSELF.items() if values.get(name, only) != only]:
            raise ValueError(
                "L-BFGS ends by itself when it has found the optimum, and keeps that;"
                f" got {' and '.join(idle)}, expected 0. Set it to 0, or optimiser to 'adamw'."
            )
        if values.get("head_from") == "probe":
            raise ValueError(STARTS_FROM_ITSELF)
        return {"augmentation": "none"} | {name: values[name] for name in values if name not in SETTINGS_OF_STEPS}


SETTINGS_OF_STEPS = frozenset(FineTuneConfig.model_fields) - frozenset(ProbeConfig.model_fields)
