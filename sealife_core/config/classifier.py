"""What a classifier is asked to do: solved on frozen features (``probe.py``) or trained in steps (``fine_tune.py``)."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

from pydantic import model_validator

from sealife_core.config.runs import (
    ALL_STAGES,
    TrainingSettings,
    Weights,
    data_setting,
    encoder_from,
    model_setting,
    optimiser_setting,
    training_setting,
)
from sealife_core.config.settings import Range, setting
from sealife_core.wording import counted

loss_setting = partial(setting, group="Loss")


def fewer_labels(label_fraction: float, labels_per_class: int) -> str:
    """ "10 % of labels", "5 labels per class": which part of the training labels is used; "" for all."""
    if labels_per_class:
        return counted(labels_per_class, "label") + " per class"
    return f"{label_fraction:g} % of labels" if label_fraction < 100 else ""


# The field that tells a ProbeConfig from a FineTuneConfig; each narrows its type.
optimiser_choice = partial(
    optimiser_setting,
    says="How gradients become steps. L-BFGS uses all images at once and finds its own step size. It solves a linear"
    " probe in seconds, but it cannot train anything else.",
    title="Optimiser",
)


class ClassifierConfig(TrainingSettings):
    """The settings of every classifier. A config is a ``ProbeConfig`` or a ``FineTuneConfig``; ``parse`` chooses."""

    kind: Literal["classifier"] = "classifier"
    weights: Weights = encoder_from("random")
    trained_stages: int = model_setting(
        0,
        "How many stages of the encoder are trained, the deepest first. 0 is a linear probe; 5 trains everything.",
        title="Trained stages",
        within=Range(0, ALL_STAGES, unit="of 5"),
        simple=True,
    )
    label_fraction: float = data_setting(
        100,
        "Share of the training labels to use. It is the same in every class.",
        title="Labels used",
        within=Range(0.1, 100, unit="%"),
        simple=True,
    )
    labels_per_class: int = data_setting(
        0,
        "How many training labels of each class to use, chosen with the seed: those of a smaller number are among those"
        " of a larger one. A class with fewer labels uses all. 0: the share of the labels counts instead.",
        title="Labels per class",
        within=Range(0, 100_000, unit="labels"),
    )
    imbalance: float = data_setting(
        1.0,
        "For testing losses: removes training labels. The smallest class keeps one label in this many, larger classes"
        " keep more, the largest keeps all. 1 removes none.",
        title="Imbalance (largest : smallest)",
        within=Range(1, 1000, unit=": 1"),
    )
    augmentation: Literal["none", "light", "strong"] = data_setting(
        "light",
        "How much training images are varied: 'strong' adds small crops, colour, grayscale and blur.",
        title="Augmentation",
    )
    stored_copies: int = data_setting(
        0,
        "How many varied copies of each training image go through the frozen stages once, before training. A probe"
        " learns from them beside the images themselves; fine-tuning sees them instead of new ones in each epoch, which"
        " is much faster if few stages train. 0 stores none.",
        title="Stored copies",
        within=Range(0, 64, unit="copies"),
    )
    epochs: int = training_setting(
        30,
        "How often the model sees every training image. For L-BFGS: rounds of 20 iterations; it needs only a few.",
        title="Epochs",
        within=Range(1, 5000, unit="epochs"),
        simple=True,
    )
    patience: int = training_setting(
        10,
        "Stop when validation macro-F1 has not improved for this many epochs. 0 never stops early. The best epoch is"
        " kept.",
        title="Patience",
        within=Range(0, 1000, unit="epochs"),
    )
    loss: Literal["cross_entropy", "focal"] = loss_setting(
        "cross_entropy",
        "Focal loss gives less weight to images that the model already classifies well (arXiv 1708.02002).",
        title="Loss",
    )
    focal_gamma: float = loss_setting(
        2.0,
        "How strongly focal loss ignores images that the model already classifies well. 0 is cross-entropy.",
        title="Focal γ",
        within=Range(0, 10, 0.5),
    )
    label_smoothing: float = loss_setting(
        0.0,
        "Share of the target probability that is spread over all classes. Only for cross-entropy.",
        title="Label smoothing",
        within=Range(0, 0.5, 0.05),
    )
    class_weights: Literal["none", "balanced"] = loss_setting(
        "none",
        "'balanced' gives images of rare classes more weight: half as many images, twice the weight.",
        title="Class weights",
    )
    optimiser: Literal["adamw", "sgd", "lbfgs"] = optimiser_choice("adamw")
    weight_decay: float = optimiser_setting(
        0.05,
        "Pulls weights towards zero at every step; for L-BFGS it is the L2 penalty of logistic regression.",
        title="Weight decay",
        within=Range(0, 10, 0.01),
    )

    @classmethod
    def family(cls) -> type[Any]:
        """A search may vary the optimiser, and so change the kind."""
        return ClassifierConfig

    @classmethod
    def kind_for(cls, values: Mapping[str, Any]) -> type["ClassifierConfig"]:
        """``ProbeConfig`` for the optimiser "lbfgs", else ``FineTuneConfig``."""
        kinds = {kind.model_fields["optimiser"].default == "lbfgs": kind for kind in cls.__subclasses__()}
        return kinds.get(values.get("optimiser") == "lbfgs", cls)

    @model_validator(mode="after")
    def _settings_fit_together(self) -> "ClassifierConfig":
        if self.labels_per_class and self.label_fraction < 100:
            raise ValueError(
                "The training labels are chosen by a number per class or by a share, not by both; got labels_per_class"
                f" {self.labels_per_class} and label_fraction {self.label_fraction:g}. Set label_fraction to 100 or"
                " labels_per_class to 0."
            )
        if self.loss == "focal" and self.label_smoothing > 0:
            raise ValueError(
                "Label smoothing works only with cross-entropy. Set label_smoothing to 0 or loss to 'cross_entropy'."
            )
        if self.devices > 1 and self.on_frozen_features:
            raise ValueError(
                "A linear probe without augmentation takes seconds and uses one device; got devices"
                f" {self.devices}. Set devices to 1, augmentation to 'light', or trained_stages above 0."
            )
        return self

    @property
    def on_frozen_features(self) -> bool:
        """Whether each image passes the encoder once, and a linear layer learns from what it gave."""
        return self.trained_stages == 0 and self.augmentation == "none"

    @property
    def method(self) -> str:
        """What the field calls this combination of weights and trained stages."""
        if self.trained_stages == 0 or self.broken == "unfrozen-probe":
            return self.marked("Untrained probe" if self.weights == "random" else "Linear probe")
        if self.weights == "random" and self.trained_stages == ALL_STAGES:
            return self.marked("From scratch")
        name = "Transfer" if self.weights == "imagenet" else "Fine-tune"
        return self.marked(name if self.trained_stages == ALL_STAGES else f"{name}, last {self.trained_stages} stages")
