"""What a classifier that is trained in steps is asked to do: fine-tuning, transfer, from scratch, or a head alone."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import model_validator

from sealife_core.config.classifier import ClassifierConfig, optimiser_choice
from sealife_core.config.runs import check_shares, model_setting, optimiser_setting, training_setting
from sealife_core.config.settings import Range

STARTS_FROM_ITSELF = (
    "A linear probe without augmentation cannot start from a linear probe: it is the same model. Set head_from to"
    " 'random', or trained_stages above 0."
)


class FineTuneConfig(ClassifierConfig):
    """A head and as many of the encoder's stages as asked, trained with batches; the ways differ in the weights."""

    head_from: Literal["random", "probe"] = model_setting(
        "random",
        "Where the classifier layer starts from. 'probe' solves a linear probe first, or takes over the layer of a run"
        " with the same classes; the result is then never worse than that probe on validation.",
        title="Classifier layer from",
    )
    dropout: float = model_setting(
        0.0, "Share of the features that is set to zero at every step.", title="Dropout", within=Range(0, 0.9, 0.05)
    )
    batch_norm: Literal["train", "frozen"] = model_setting(
        "train",
        "What BatchNorm does in the trained stages: 'frozen' keeps the statistics that the encoder came with, which is"
        " steadier for small batches and small learning rates.",
        title="BatchNorm statistics",
    )
    minutes: float = training_setting(
        0.0,
        "How long the run may take on this machine: the first steps are measured to plan as many epochs as fit."
        " 0 trains for the number of epochs above.",
        title="Minutes",
        within=Range(0, 10_080, 5, "min"),
        simple=True,
    )
    batch_size: int = training_setting(
        64, "Images per step. L-BFGS always uses all images.", title="Batch size", within=Range(1, 8192, 16, "images")
    )
    ema_decay: float = training_setting(
        0.0,
        "Validate and keep a moving average of the weights of all steps, which is steadier than those of the last one"
        " (0.998: of the last 500 steps or so). 0 averages nothing.",
        title="Weight averaging (EMA decay)",
        within=Range(0, 0.9999, 0.001),
    )
    optimiser: Literal["adamw", "sgd"] = optimiser_choice("adamw")
    learning_rate: float = optimiser_setting(
        1e-3,
        "Highest learning rate of the classifier layer. L-BFGS does not use it.",
        title="Learning rate",
        within=Range(1e-7, 10, 0.0001),
    )
    encoder_rate_factor: float = optimiser_setting(
        0.1,
        "The encoder learns at this fraction of the learning rate, so that it keeps what it has learned.",
        title="Encoder learning rate, relative",
        within=Range(0.0001, 1, 0.05, "×"),
    )
    schedule: Literal["onecycle", "warm_restarts", "cosine", "constant"] = optimiser_setting(
        "cosine",
        "How the learning rate changes. onecycle: one rise and fall; warm_restarts: repeated cosine falls; cosine: one"
        " cosine fall. Not for L-BFGS.",
        title="Schedule",
    )
    restart_epochs: int = optimiser_setting(
        10,
        "Length of the first cosine fall of warm_restarts. Each next one is twice as long.",
        title="First restart",
        within=Range(1, 1000, unit="epochs"),
    )

    @model_validator(mode="before")
    @classmethod
    def _only_lbfgs_chooses_a_penalty(cls, values: Any) -> Any:
        """Older files and the form hold ``choose_penalty`` for every classifier."""
        if not isinstance(values, Mapping):
            return values
        if values.get("choose_penalty"):
            raise ValueError(
                f"A penalty is chosen only with the optimiser 'lbfgs'; got '{values.get('optimiser', 'adamw')}'. Set"
                " choose_penalty to false, or optimiser to 'lbfgs'."
            )
        return {name: value for name, value in values.items() if name != "choose_penalty"}

    @model_validator(mode="after")
    def _steps_fit_together(self) -> "FineTuneConfig":
        if self.head_from == "probe" and self.on_frozen_features:
            raise ValueError(STARTS_FROM_ITSELF)
        check_shares(self.batch_size, self.devices)
        return self
