"""Plain choices of what to train, each at three sizes. A preset is a set of values laid over the defaults."""

from dataclasses import dataclass
from typing import Any

from sealife_core.config.any_config import AnyConfig
from sealife_core.config.classifier import ClassifierConfig
from sealife_core.config.embed import EmbedConfig
from sealife_core.config.probe import ProbeConfig
from sealife_core.config.runs import ALL_STAGES
from sealife_core.config.search import SearchConfig
from sealife_core.config.settings import parse
from sealife_core.config.simclr import SimclrConfig
from sealife_core.config.study import StudyConfig
from sealife_core.config.views import RECIPES

SIZES = ("Quick look", "Standard", "Thorough")


@dataclass(frozen=True)
class Task:
    """One plain choice on the Train page and of ``train`` on the command line."""

    title: str
    says: str
    config: type[Any]  # of AnyConfig, or the family of classifiers
    common: dict[str, Any]
    sizes: tuple[dict[str, Any], dict[str, Any], dict[str, Any]]
    needs_run: bool = False


_FULL = {"trained_stages": ALL_STAGES}
# ResNet50 from ImageNet on few, perhaps uneven, classes: strong augmentation, dropout and focal loss against
# over-fitting and imbalance; one-cycle for a short, safe schedule.
_RESNET50 = _FULL | {
    "encoder": "resnet50",
    "weights": "imagenet",
    "loss": "focal",
    "dropout": 0.3,
    "augmentation": "strong",
    "schedule": "onecycle",
    "learning_rate": 1e-3,
    "batch_size": 32,
    "image_size_px": 224,
}
# Fine-tuning by the clock, from the head of a probe: small steps, BatchNorm as ImageNet left it, and copies that the
# frozen stages have seen already. More time pays for more stages, and for more copies of each image. On 345 validation
# photographs (.809 at the start, last 2 stages): 3e-4 falls to .742 in the first epoch, and its moving average to .791;
# after six, the average is at .861, at 1e-4 at .838.
_BY_THE_CLOCK = {
    "head_from": "probe",
    "batch_norm": "frozen",
    "augmentation": "light",
    "label_smoothing": 0.1,
    "learning_rate": 3e-4,
    "encoder_rate_factor": 1.0,
    "ema_decay": 0.998,
    "batch_size": 32,
    "patience": 0,
}
IN_MINUTES: dict[int, dict[str, Any]] = {
    5: _BY_THE_CLOCK | {"minutes": 5, "trained_stages": 1, "stored_copies": 4},
    20: _BY_THE_CLOCK | {"minutes": 20, "trained_stages": 2, "stored_copies": 8},
    60: _BY_THE_CLOCK | {"minutes": 60, "trained_stages": 2, "stored_copies": 16},
}
# Logistic regression by L-BFGS on all features, as Kornblith et al. 2019 (arXiv 1805.08974) and SimCLR (appendix B.9)
# probe. They choose the L2 penalty on validation for each data set; this one was best there, in the mean of macro-F1,
# for four encoders (SimCLR's and an untrained one on 23 classes of photographs, two of SimCLR's on the reef): .228,
# against .194 at 0.001, .211 at 0.01, .219 at 0.1, .194 at 0.3 and .172 at 1.
_PROBE = {"trained_stages": 0, "augmentation": "none", "optimiser": "lbfgs", "weight_decay": 0.03}
# EfficientNet-Lite0's weights are included, and it is fast enough on a processor. Its accuracy on 1,380 photographs of
# 23 classes is .795 at its own 224 px, .725 at 160 px and .604 at 96 px. A network that was trained on crops of 224 px
# is best on whole pictures at some 1.3 times that (Touvron et al. 2019, arXiv 1906.06423), therefore 288.
# The penalty is chosen; where it cannot be, 0.1 is best there: .794 on 345 test images, .788 at 0.03, .774 at 0.3.
_NAMING = _PROBE | {
    "encoder": "tf_efficientnet_lite0",
    "weights": "imagenet",
    "choose_penalty": True,
    "weight_decay": 0.1,
    "epochs": 100,
    "patience": 0,
}
# A quick look has a minute on two cores: small images through the stem that shrinks them further, and a rate that moves
# within a hundred steps, which is AdamW's; SGD at the paper's rate stays at chance.
_LITTLE = {"image_size_px": 32, "stem": "imagenet"}
_BRIEF = {"epochs": 9, "patience": 0, "batch_size": 64, "schedule": "onecycle", "encoder_rate_factor": 1.0}
# A rate too large costs ImageNet's features more than many steps gain; so do statistics of batch norm that follow the
# views. Ten minutes at 160 px took k-NN on photographs' validation images from 73.3 % to 76.8 with 1e-5; to 75.7 with a
# third of that, 75.4 with three times and 71.9 with ten times as much; and with statistics that follow to 70.4
# (`benchmarks/photographs/continuation.py`). The start is kept if no epoch is better; measured every epoch, because one
# of photographs takes minutes.
_CONTINUE = {
    "encoder": "tf_efficientnet_lite0",
    "weights": "imagenet",
    "batch_size": 64,
    "optimiser": "adamw",
    "learning_rate": 1e-5,
    "rate_scaling": "none",
    "trained_stages": 5,
    "normalisation": "kept",
    "warmup_epochs": 1,
    "monitor_every": 1,
    "patience": 3,
    "keep_best": True,
    "views": RECIPES["Gentle"],
}

TASKS: dict[str, Task] = {
    "classify": Task(
        "Name my animals",
        "The first model, in about a minute: logistic regression on the features of a network that learned from"
        " ImageNet's photographs.",
        ClassifierConfig,
        _NAMING,
        ({"image_size_px": 96}, {"image_size_px": 224}, {"image_size_px": 288}),
    ),
    "simclr": Task(
        "SimCLR",
        "Learn features from pictures without labels: two views of one picture belong together.",
        SimclrConfig,
        {},
        (
            _LITTLE
            | {
                "epochs": 6,
                "batch_size": 64,
                "optimiser": "adamw",
                "learning_rate": 1e-3,
                "rate_scaling": "none",
                "monitor_every": 3,
                "warmup_epochs": 1,
            },
            {"epochs": 100, "image_size_px": 64},
            {"epochs": 400, "image_size_px": 96, "batch_size": 256, "monitor_every": 10, "warmup_epochs": 10},
        ),
    ),
    "continue": Task(
        "Continue from ImageNet",
        "SimCLR from ImageNet weights: adapt features that are good already to your pictures, without labels.",
        SimclrConfig,
        _CONTINUE,
        (
            {"epochs": 3, "image_size_px": 96},
            {"epochs": 10, "image_size_px": 160},
            {"epochs": 30, "image_size_px": 224},
        ),
    ),
    "probe": Task(
        "Linear probe",
        "Freeze an encoder and train one linear layer on its features, to see what the encoder has learned.",
        ClassifierConfig,
        _PROBE,
        ({"epochs": 50}, {"epochs": 100}, {"epochs": 200, "patience": 20}),
        needs_run=True,
    ),
    "finetune": Task(
        "Fine-tune",
        "Train an encoder further with labels: all of it, or only its deeper stages.",
        ClassifierConfig,
        _FULL | {"encoder_rate_factor": 0.3},
        (_BRIEF, {"epochs": 40, "augmentation": "strong"}, {"epochs": 100, "augmentation": "strong", "patience": 20}),
        needs_run=True,
    ),
    "transfer": Task(
        "Transfer",
        "Start from a network that learned ImageNet's 1.3 million photographs and train its last stages: about"
        " 5, 20 or 60 minutes on this machine.",
        ClassifierConfig,
        {"encoder": "tf_efficientnet_lite0", "weights": "imagenet", "image_size_px": 224},
        (IN_MINUTES[5], IN_MINUTES[20], IN_MINUTES[60]),
    ),
    "resnet50": Task(
        "ResNet50 transfer",
        "Train all of a ResNet50 from ImageNet weights: the classic, for a machine with a GPU.",
        ClassifierConfig,
        _RESNET50,
        ({"epochs": 3, "patience": 0}, {"epochs": 15}, {"epochs": 30, "schedule": "warm_restarts"}),
    ),
    "scratch": Task(
        "From scratch",
        "The baseline: train the same network from random weights, with labels only.",
        ClassifierConfig,
        _FULL | {"weights": "random", "encoder_rate_factor": 1.0},
        (
            _LITTLE | _BRIEF,
            {"epochs": 60, "augmentation": "strong"},
            {"epochs": 150, "image_size_px": 96, "augmentation": "strong", "patience": 30},
        ),
    ),
    "embed": Task(
        "Features only (no training)",
        "Compute the features of every picture, without training. Use it to compare encoders, for example ImageNet's.",
        EmbedConfig,
        {},
        ({"image_size_px": 64}, {"image_size_px": 96}, {"image_size_px": 224}),
    ),
}


def preset(task: str, size: str = "Standard", **values: Any) -> AnyConfig:
    """The config of ``task`` at ``size``, with ``values`` laid over it. Raises ConfigError."""
    chosen = TASKS[task]
    return parse(chosen.config, chosen.common | chosen.sizes[SIZES.index(size)] | values)


def inherited(source: AnyConfig) -> dict[str, Any]:
    """What a run that starts from ``source`` takes over from it: its data, network and image size."""
    return {name: getattr(source, name) for name in ("data", "encoder", "stem", "image_size_px")}


def task_of(config: AnyConfig | StudyConfig | SearchConfig) -> str:
    """The plain choice that ``config`` comes closest to: a key of TASKS, or "study" or "search"."""
    if isinstance(config, SimclrConfig):
        return "continue" if config.weights == "imagenet" else "simclr"
    if not isinstance(config, ClassifierConfig):
        return config.kind
    if config.trained_stages == 0:
        chosen = isinstance(config, ProbeConfig) and config.choose_penalty and config.weights == "imagenet"
        return "classify" if chosen else "probe"
    if config.weights == "random":
        return "scratch"
    if config.weights != "imagenet":
        return "finetune"
    return "resnet50" if config.encoder == "resnet50" and config.trained_stages == ALL_STAGES else "transfer"
