"""What a classifier run is asked to do: probe, partial or full fine-tuning, transfer, from scratch."""

from typing import Literal

from pydantic import model_validator

from sealife_core.config.runs import ALL_STAGES, DATA, MODEL, TRAINING, TrainingSettings, Weights, check_shares
from sealife_core.config.settings import setting
from sealife_core.wording import counted

OPTIMISER, LOSS = "Optimiser", "Loss"
# The L2 penalties among which one is chosen on validation, the largest first: a factor of about three apart. ImageNet's
# features of 23 classes of photographs are best at 0.1 with all labels and at 1 with 20 a class; SimCLR's at 0.03.
PENALTIES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003)


def fewer_labels(label_fraction: float, labels_per_class: int) -> str:
    """ "10 % of labels", "5 labels per class": which part of the training labels is used; "" for all."""
    if labels_per_class:
        return counted(labels_per_class, "label") + " per class"
    return f"{label_fraction:g} % of labels" if label_fraction < 100 else ""


class ClassifierConfig(TrainingSettings):
    """One module for all ways of using labels: they differ in where the weights come from and how many stages train."""

    kind: Literal["classifier"] = "classifier"
    weights: Weights = setting(
        "random",
        "Where the encoder comes from: random, imagenet (its published weights), run:ID or file:PATH.",
        title="Encoder from",
        group=MODEL,
        simple=True,
    )
    trained_stages: int = setting(
        0,
        "How many stages of the encoder are trained, the deepest first. 0 is a linear probe; 5 trains everything.",
        title="Trained stages",
        group=MODEL,
        unit="of 5",
        ge=0,
        le=ALL_STAGES,
        step=1,
        simple=True,
    )
    head_from: Literal["random", "probe"] = setting(
        "random",
        "Where the classifier layer starts from. 'probe' solves a linear probe first, or takes over the layer of a run"
        " with the same classes; the result is then never worse than that probe on validation.",
        title="Classifier layer from",
        group=MODEL,
    )
    dropout: float = setting(
        0.0,
        "Share of the features that is set to zero at every step.",
        title="Dropout",
        group=MODEL,
        ge=0,
        le=0.9,
        step=0.05,
    )
    batch_norm: Literal["train", "frozen"] = setting(
        "train",
        "What BatchNorm does in the trained stages: 'frozen' keeps the statistics that the encoder came with, which is"
        " steadier for small batches and small learning rates.",
        title="BatchNorm statistics",
        group=MODEL,
    )
    label_fraction: float = setting(
        100,
        "Share of the training labels to use. It is the same in every class.",
        title="Labels used",
        group=DATA,
        unit="%",
        ge=0.1,
        le=100,
        step=1,
        simple=True,
    )
    labels_per_class: int = setting(
        0,
        "How many training labels of each class to use, chosen with the seed: those of a smaller number are among those"
        " of a larger one. A class with fewer labels uses all. 0: the share of the labels counts instead.",
        title="Labels per class",
        group=DATA,
        unit="labels",
        ge=0,
        le=100_000,
        step=1,
    )
    imbalance: float = setting(
        1.0,
        "For testing losses: removes training labels. The smallest class keeps one label in this many, larger classes"
        " keep more, the largest keeps all. 1 removes none.",
        title="Imbalance (largest : smallest)",
        group=DATA,
        unit=": 1",
        ge=1,
        le=1000,
        step=1,
    )
    augmentation: Literal["none", "light", "strong"] = setting(
        "light",
        "How much training images are varied: 'strong' adds small crops, colour, grayscale and blur.",
        title="Augmentation",
        group=DATA,
    )
    stored_copies: int = setting(
        0,
        "How many varied copies of each training image go through the frozen stages once, before training. A probe"
        " learns from them beside the images themselves; fine-tuning sees them instead of new ones in each epoch, which"
        " is much faster if few stages train. 0 stores none.",
        title="Stored copies",
        group=DATA,
        unit="copies",
        ge=0,
        le=64,
        step=1,
    )
    epochs: int = setting(
        30,
        "How often the model sees every training image. For L-BFGS: rounds of 20 iterations; it needs only a few.",
        title="Epochs",
        group=TRAINING,
        unit="epochs",
        ge=1,
        le=5000,
        step=1,
        simple=True,
    )
    minutes: float = setting(
        0.0,
        "How long the run may take on this machine: the first steps are measured to plan as many epochs as fit."
        " 0 trains for the number of epochs above.",
        title="Minutes",
        group=TRAINING,
        unit="min",
        ge=0,
        le=10_080,
        step=5,
        simple=True,
    )
    batch_size: int = setting(
        64,
        "Images per step. L-BFGS always uses all images.",
        title="Batch size",
        group=TRAINING,
        unit="images",
        ge=1,
        le=8192,
        step=16,
    )
    patience: int = setting(
        10,
        "Stop when validation macro-F1 has not improved for this many epochs. 0 never stops early. The best epoch is"
        " kept.",
        title="Patience",
        group=TRAINING,
        unit="epochs",
        ge=0,
        le=1000,
        step=1,
    )
    ema_decay: float = setting(
        0.0,
        "Validate and keep a moving average of the weights of all steps, which is steadier than those of the last one"
        " (0.998: of the last 500 steps or so). 0 averages nothing.",
        title="Weight averaging (EMA decay)",
        group=TRAINING,
        ge=0,
        le=0.9999,
        step=0.001,
    )
    loss: Literal["cross_entropy", "focal"] = setting(
        "cross_entropy",
        "Focal loss gives less weight to images that the model already classifies well (arXiv 1708.02002).",
        title="Loss",
        group=LOSS,
    )
    focal_gamma: float = setting(
        2.0,
        "How strongly focal loss ignores images that the model already classifies well. 0 is cross-entropy.",
        title="Focal γ",
        group=LOSS,
        ge=0,
        le=10,
        step=0.5,
    )
    label_smoothing: float = setting(
        0.0,
        "Share of the target probability that is spread over all classes. Only for cross-entropy.",
        title="Label smoothing",
        group=LOSS,
        ge=0,
        le=0.5,
        step=0.05,
    )
    class_weights: Literal["none", "balanced"] = setting(
        "none",
        "'balanced' gives images of rare classes more weight: half as many images, twice the weight.",
        title="Class weights",
        group=LOSS,
    )
    optimiser: Literal["adamw", "sgd", "lbfgs"] = setting(
        "adamw",
        "How gradients become steps. L-BFGS uses all images at once and finds its own step size. It solves a linear"
        " probe in seconds, but it cannot train anything else.",
        title="Optimiser",
        group=OPTIMISER,
    )
    learning_rate: float = setting(
        1e-3,
        "Highest learning rate of the classifier layer. L-BFGS does not use it.",
        title="Learning rate",
        group=OPTIMISER,
        ge=1e-7,
        le=10,
        step=0.0001,
    )
    encoder_rate_factor: float = setting(
        0.1,
        "The encoder learns at this fraction of the learning rate, so that it keeps what it has learned.",
        title="Encoder learning rate, relative",
        group=OPTIMISER,
        unit="×",
        ge=0.0001,
        le=1,
        step=0.05,
    )
    weight_decay: float = setting(
        0.05,
        "Pulls weights towards zero at every step; for L-BFGS it is the L2 penalty of logistic regression.",
        title="Weight decay",
        group=OPTIMISER,
        ge=0,
        le=10,
        step=0.01,
    )
    choose_penalty: bool = setting(
        False,
        f"Fit the probe with {len(PENALTIES)} L2 penalties from {PENALTIES[0]:g} to {PENALTIES[-1]:g} and keep the one"
        " with the best validation macro-F1. Weight decay is used where there are too few validation images to choose."
        " Only for L-BFGS.",
        title="Choose the penalty",
        group=OPTIMISER,
    )
    schedule: Literal["onecycle", "warm_restarts", "cosine", "constant"] = setting(
        "cosine",
        "How the learning rate changes. onecycle: one rise and fall; warm_restarts: repeated cosine falls; cosine: one"
        " cosine fall. Not for L-BFGS.",
        title="Schedule",
        group=OPTIMISER,
    )
    restart_epochs: int = setting(
        10,
        "Length of the first cosine fall of warm_restarts. Each next one is twice as long.",
        title="First restart",
        group=OPTIMISER,
        unit="epochs",
        ge=1,
        le=1000,
        step=1,
    )

    @model_validator(mode="after")
    def _labels_are_chosen_in_one_way(self) -> "ClassifierConfig":
        if self.labels_per_class and self.label_fraction < 100:
            raise ValueError(
                "The training labels are chosen by a number per class or by a share, not by both; got labels_per_class"
                f" {self.labels_per_class} and label_fraction {self.label_fraction:g}. Set label_fraction to 100 or"
                " labels_per_class to 0."
            )
        return self

    @model_validator(mode="after")
    def _losses_do_not_mix(self) -> "ClassifierConfig":
        if self.loss == "focal" and self.label_smoothing > 0:
            raise ValueError(
                "Label smoothing works only with cross-entropy. Set label_smoothing to 0 or loss to 'cross_entropy'."
            )
        return self

    @model_validator(mode="after")
    def _lbfgs_needs_the_same_loss_at_every_look(self) -> "ClassifierConfig":
        needed = {"trained_stages": 0, "augmentation": "none", "dropout": 0.0}
        other = [f"{name} {value!r}" for name, wanted in needed.items() if (value := getattr(self, name)) != wanted]
        if self.optimiser == "lbfgs" and other:
            raise ValueError(
                f"The optimiser 'lbfgs' works only for a linear probe without random changes; got {', '.join(other)},"
                " expected trained_stages 0, augmentation 'none' and dropout 0."
                " Set these values, or set optimiser to 'adamw'."
            )
        return self

    @model_validator(mode="after")
    def _only_lbfgs_chooses_a_penalty(self) -> "ClassifierConfig":
        if self.choose_penalty and self.optimiser != "lbfgs":
            raise ValueError(
                f"A penalty is chosen only with the optimiser 'lbfgs'; got '{self.optimiser}'. Set choose_penalty to"
                " false, or optimiser to 'lbfgs'."
            )
        return self

    @model_validator(mode="after")
    def _lbfgs_ends_by_itself(self) -> "ClassifierConfig":
        idle = [f"{name} {value:g}" for name in ("minutes", "ema_decay") if (value := getattr(self, name))]
        if self.optimiser == "lbfgs" and idle:
            raise ValueError(
                "L-BFGS ends by itself when it has found the optimum, and keeps that;"
                f" got {' and '.join(idle)}, expected 0. Set it to 0, or optimiser to 'adamw'."
            )
        return self

    @model_validator(mode="after")
    def _a_probe_is_no_start_of_a_probe(self) -> "ClassifierConfig":
        if self.head_from == "probe" and self.on_frozen_features:
            raise ValueError(
                "A linear probe without augmentation cannot start from a linear probe: it is the same model."
                " Set head_from to 'random', or trained_stages above 0."
            )
        return self

    @property
    def on_frozen_features(self) -> bool:
        """Whether each image passes the encoder once, and a linear layer learns from what it gave."""
        return self.trained_stages == 0 and self.augmentation == "none"

    @model_validator(mode="after")
    def _several_devices_share_images(self) -> "ClassifierConfig":
        if self.devices > 1 and self.on_frozen_features:
            raise ValueError(
                "A linear probe without augmentation takes seconds and uses one device; got devices"
                f" {self.devices}. Set devices to 1, augmentation to 'light', or trained_stages above 0."
            )
        check_shares(self.batch_size, self.devices)
        return self

    @property
    def method(self) -> str:
        """What the field calls this combination of weights and trained stages."""
        if self.trained_stages == 0:
            return "Untrained probe" if self.weights == "random" else "Linear probe"
        if self.weights == "random" and self.trained_stages == ALL_STAGES:
            return "From scratch"
        name = "Transfer" if self.weights == "imagenet" else "Fine-tune"
        return name if self.trained_stages == ALL_STAGES else f"{name}, last {self.trained_stages} stages"
