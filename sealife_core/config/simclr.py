"""What a SimCLR run is asked to do."""

import math
from functools import partial
from typing import Any, Literal

from pydantic import ValidationInfo, ValidatorFunctionWrapHandler, field_validator, model_validator

from sealife_core.config.runs import (
    ALL_STAGES,
    TrainingSettings,
    Weights,
    check_shares,
    model_setting,
    optimiser_setting,
    training_setting,
)
from sealife_core.config.settings import Range, setting
from sealife_core.config.views import RECIPES, ViewRecipe

monitor_setting = partial(setting, group="Monitoring")


class SimclrConfig(TrainingSettings):
    """Contrastive pre-training without labels (arXiv 2002.05709)."""

    kind: Literal["simclr"] = "simclr"
    weights: Weights = model_setting(
        "random",
        "Where the encoder starts from: random, imagenet (its published weights), run:ID or file:PATH.",
        title="Start from",
        simple=True,
    )
    trained_stages: int = model_setting(
        ALL_STAGES,
        "How many stages of the encoder are trained, the deepest first. 5 trains everything.",
        title="Trained stages",
        within=Range(1, ALL_STAGES, unit="of 5"),
    )
    normalisation: Literal["trains", "alone", "kept"] = model_setting(
        "trains",
        "Batch norm in the trained stages. 'trains' trains it with the rest; 'alone' trains nothing else in the"
        " encoder; 'kept' keeps its statistics as they were at the start.",
        title="Batch norm",
    )
    epochs: int = training_setting(
        50,
        "How often the model sees every training image.",
        title="Epochs",
        within=Range(1, 5000, unit="epochs"),
        simple=True,
    )
    batch_size: int = training_setting(
        128,
        "Images per step. Each is compared with both views of all others, so more images make a harder task.",
        title="Batch size",
        within=Range(2, 8192, 16, "images"),
        simple=True,
    )
    temperature: float = training_setting(
        # lightly's and solo-learn's small-scale recipes; the paper's optimum at its scale is 0.1-0.5.
        0.2,
        "A low value concentrates on the most similar other pictures. A high value treats all other pictures the same.",
        title="Temperature",
        within=Range(0.01, 2, 0.01),
        simple=True,
    )
    head: Literal["nonlinear", "linear", "none"] = model_setting(
        "nonlinear",
        "The layers between the features and the loss. They are removed after training.",
        title="Projection head",
    )
    head_hidden: int = model_setting(
        512, "Width of the hidden layer of a non-linear head.", title="Head width", within=Range(16, 8192, 16)
    )
    head_out: int = model_setting(
        128, "Length of the vector that the loss compares.", title="Head output", within=Range(8, 4096, 8)
    )
    optimiser: Literal["sgd", "adamw", "lars"] = optimiser_setting(
        "sgd", "How gradients become steps. LARS is for batches above about 1,000.", title="Optimiser"
    )
    learning_rate: float | None = optimiser_setting(
        None,
        "Base rate before scaling. Leave it empty for the optimiser's usual rate.",
        title="Base learning rate",
        within=Range(1e-7, 100, 0.001),
    )
    rate_scaling: Literal["sqrt", "linear", "none"] = optimiser_setting(
        "sqrt",
        "How the base rate grows with the batch. sqrt: base × √batch (better below 1,000); linear: base × batch / 256.",
        title="Rate scaling",
    )
    weight_decay: float = optimiser_setting(
        1e-4, "Pulls weights towards zero at every step.", title="Weight decay", within=Range(0, 1, 0.0001)
    )
    warmup_epochs: int = optimiser_setting(
        5,
        "Epochs in which the learning rate rises from zero. At most a tenth of the run is used.",
        title="Warm-up",
        within=Range(0, 100, unit="epochs"),
    )
    gradient_clip: float = optimiser_setting(
        0.0, "Maximum norm of the gradient. 0 turns clipping off.", title="Gradient clipping", within=Range(0, 100, 0.5)
    )
    monitor_every: int = monitor_setting(
        5,
        "How often validation k-NN accuracy, alignment, uniformity and effective rank are measured. 0 means never.",
        title="Measure every",
        within=Range(0, 1000, unit="epochs"),
    )
    patience: int = monitor_setting(
        0,
        "Stop when validation k-NN accuracy has not improved at this many measurements. 0 never stops early.",
        title="Patience",
        within=Range(0, 1000, unit="measurements"),
    )
    keep_best: bool = monitor_setting(
        False,
        "Keep the weights with the best validation k-NN accuracy. The start is measured too, so the run never ends"
        " worse than it began.",
        title="Keep the best",
    )
    knn_k: int = monitor_setting(
        20,
        "How many nearest training images vote on a validation image.",
        title="Neighbours",
        within=Range(1, 500, unit="images"),
    )
    keep_models: int = monitor_setting(
        4,
        "How many snapshots of the model are stored, the first before training, to look back at on the Contrast page."
        " Each takes half the space of the final model.",
        title="Snapshots during training",
        within=Range(0, 10, unit="models"),
    )
    views: ViewRecipe = RECIPES["SimCLR"]

    @field_validator("temperature", mode="wrap")
    @classmethod
    def _only_broken_beyond_the_range(
        cls, value: Any, within: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> float:
        return 10.0 if value == 10 and info.data.get("broken") == "temperature-10" else within(value)

    @model_validator(mode="after")
    def _settings_fit_together(self) -> "SimclrConfig":
        if self.optimiser == "lars" and self.gradient_clip > 0:
            raise ValueError(
                "LARS already scales the step of every layer. Set gradient_clip to 0 or choose another optimiser."
            )
        if self.chooses and self.monitor_every == 0:
            raise ValueError(
                "To stop early or to keep the best weights, the run must be measured. Set monitor_every to 1 or more,"
                " or patience to 0 and keep_best to false."
            )
        check_shares(self.batch_size, self.devices)
        return self

    @property
    def method(self) -> str:
        """What the field calls it."""
        return self.marked("SimCLR")

    @property
    def chooses(self) -> bool:
        """Whether validation decides how long it trains or what is kept."""
        return self.keep_best or self.patience > 0

    @property
    def normalised(self) -> bool:
        """Whether its loss compares cosines; else dot products."""
        return self.broken != "no-normalisation"

    def peak_learning_rate(self, batch_size: int | None = None) -> float:
        """The rate after warm-up, for ``batch_size`` images a step (that of the config unless given).

        Bases: SGD and LARS 0.075 × √batch or 0.3 × batch / 256 (paper, appendix B.1); AdamW 3e-4 and 5e-4 at batch 256
        (UvA tutorial 17), scaled in the same two ways.
        """
        batch = batch_size or self.batch_size
        factor = {"sqrt": math.sqrt(batch), "linear": batch / 256, "none": 1.0}[self.rate_scaling]
        of_sqrt, of_others = (5e-4 / 16, 5e-4) if self.optimiser == "adamw" else (0.075, 0.3)
        own = of_sqrt if self.rate_scaling == "sqrt" else of_others
        return factor * (own if self.learning_rate is None else self.learning_rate)


def chance_loss(batch_size: int) -> float:
    """NT-Xent of a network that cannot tell pairs apart, in nats: ln(2N − 1)."""
    return math.log(2 * batch_size - 1)
