"""The demo, two minutes on the reef: features of ImageNet, features that SimCLR learns without labels, and both.

The dashboard's demo button and ``make demo`` start it.
"""

from collections.abc import Sequence
from typing import Any

from sealife_core.config import RECIPES, AnyConfig, ClassifierConfig, preset, task_of
from sealife_core.datasets.dataset import Dataset, list_datasets, open_dataset
from sealife_core.progress import Progress
from sealife_core.runs.directory import create_run, source_of
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.queue import launch

REEF = "reef"
SIZE = "Quick look"
TAG = "demo"
# The runs in the order of their launch; each probe of a trained encoder follows its training.
NAMES = {
    "imagenet": "Demo: probe of ImageNet’s features",
    "simclr training": "Demo: SimCLR",
    "untrained": "Demo: probe of untrained features",
    "simclr": "Demo: probe of SimCLR’s features",
    "continued training": "Demo: ImageNet continued with SimCLR",
    "continued": "Demo: probe of continued features",
    "finetune": "Demo: ImageNet fine-tuned",
}
TRAININGS = ("simclr training", "continued training")
_PRETRAINED: dict[str, Any] = {"encoder": "tf_efficientnet_lite0", "image_size_px": 96, "weights": "imagenet"}


# Drawn animals have any colour, so views that change all colours make the encoder learn shapes. Leave-one-out k-NN
# accuracy on the training images after 160 steps of 64 images at 32 px: .195 untrained, .288 with these, .258 with
# less grayscale, smaller crops and some blur. Eighteen epochs are 216 steps.
_SIMCLR = {"views": RECIPES["Shape"], "epochs": 18}
# Drawings are far from ImageNet's photographs: a large rate for the last stages pays there, and takes seconds.
_CONTINUED = {
    "views": RECIPES["Shape"], "epochs": 1, "batch_size": 32, "learning_rate": 3e-4, "trained_stages": 2,
}  # fmt: skip
_FINETUNED = {"epochs": 2, "batch_size": 32, "trained_stages": 2}


def demo_configs(reef: Dataset, simclr_id: str, continued_id: str) -> dict[str, AnyConfig]:
    """The runs of the demo: a key of NAMES → its config. The ids: the two runs whose encoders are probed."""
    common = {"data": reef.name, "data_hash": reef.content_hash}
    simclr = preset("simclr", SIZE, **common, **_SIMCLR)
    small = {name: getattr(simclr, name) for name in ("encoder", "stem", "image_size_px")}

    def probe(**values: Any) -> AnyConfig:
        return preset("probe", SIZE, **common, **values)

    return {
        "imagenet": probe(**_PRETRAINED),
        "simclr training": simclr,
        "untrained": probe(**small, weights="random"),
        "simclr": probe(**small, weights=f"run:{simclr_id}"),
        "continued training": preset("continue", SIZE, **common, **_PRETRAINED, **_CONTINUED),
        "continued": probe(**_PRETRAINED | {"weights": f"run:{continued_id}"}),
        "finetune": preset("finetune", SIZE, **common, **_PRETRAINED, **_FINETUNED),
    }


def ensure_reef(progress: Progress | None = None) -> Dataset:
    """The reef, drawn if it does not exist."""
    if REEF in list_datasets():
        return open_dataset(REEF)
    from sealife_core.datasets.reef import draw_reef

    return draw_reef(progress=progress)


def launch_demo() -> list[Run]:
    """Queue the runs of the demo, in the order of NAMES, and return at once."""
    reef = ensure_reef()
    made: dict[str, Run] = {}
    for key, name in NAMES.items():
        ids = [made[training].id if training in made else "later" for training in TRAININGS]
        made[key] = create_run(demo_configs(reef, *ids)[key], name=name, tags=(TAG,))
    for run in made.values():
        launch(run)
    return list(made.values())


def last_demo(runs: Sequence[Run]) -> dict[str, Run]:
    """The latest demo among ``runs`` (newest first): a key of NAMES → its run, in that order; {} if there is none.

    Its first run is the latest probe of ImageNet's features; in a demo of an earlier release it was SimCLR.
    """
    tagged = [(role, run) for run in runs if TAG in run.notes()["tags"] and (role := _role(run))]
    roles = [role for role, _ in tagged]
    first = "imagenet" if "imagenet" in roles else "simclr training"
    if first not in roles:
        return {}
    found = dict(reversed(tagged[: roles.index(first) + 1]))
    return {key: found[key] for key in NAMES if key in found}


def _role(run: Run) -> str:
    """The key of NAMES whose config ``run`` has; "" for a run that cannot be read."""
    config, source = run.config_or_none(), source_of(run)
    if config is None:
        return ""
    if not isinstance(config, ClassifierConfig):
        return "continued training" if task_of(config) == "continue" else "simclr training"
    if config.trained_stages:
        return "finetune"
    if source is None:
        return "untrained" if config.weights == "random" else "imagenet"
    return "continued" if "-continue-" in source else "simclr"
