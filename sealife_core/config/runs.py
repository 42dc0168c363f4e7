"""What every run that trains is asked: data, seed, size, machine."""

import re
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from sealife_core.config.ablations import BROKEN, Broken, marked
from sealife_core.config.settings import Range, Settings, describe, flattened, setting

TRACKING = "Tracking"
# A setting of each group of the form.
data_setting = partial(setting, group="Data")
model_setting = partial(setting, group="Model")
training_setting = partial(setting, group="Training")
optimiser_setting = partial(setting, group="Optimiser")
machine_setting = partial(setting, group="Machine")
tracking_setting = partial(setting, group=TRACKING)
PROJECT = "sealife"  # of Weights & Biases, unless a run or WANDB_PROJECT names another
PROJECT_LENGTH = 128
ALL_STAGES = 5  # stem, layer1, layer2, layer3, layer4

Stem = Literal["auto", "imagenet", "small"]


_NETWORK = re.compile(r"[a-z0-9_]{2,100}(\.[a-z0-9_]{1,100})?", re.ASCII)


def _encoder(name: str) -> str:
    if _NETWORK.fullmatch(name):
        return name
    raise ValueError("the name of a network, such as 'tf_efficientnet_lite0', 'resnet18' or another of timm's")


EncoderName = Annotated[str, AfterValidator(_encoder)]


def _weights(spec: str) -> str:
    source, _, rest = spec.partition(":")
    fits = {"run": _is_folder, "file": _is_path}.get(source)
    if spec in ("random", "imagenet") or (fits and fits(rest)):
        return spec
    raise ValueError("'random', 'imagenet', 'run:ID of a run' or 'file:path of a weights file'")


def _is_folder(name: str) -> bool:
    """Whether the id of a run can be the name of a directory beside the others."""
    return _is_path(name) and "/" not in name and name not in (".", "..") and len(name.encode()) <= 255


def _is_path(text: str) -> bool:
    return bool(text.strip()) and "\0" not in text


Weights = Annotated[str, AfterValidator(_weights)]
encoder_from = partial(
    model_setting,
    says="Where the encoder comes from: random, imagenet (its published weights), run:ID or file:PATH.",
    title="Encoder from",
    simple=True,
)


def project_problem(name: str) -> str:
    """What a project of Weights & Biases may be called, if ``name`` is no such name; else ""."""
    if name.strip() and len(name) <= PROJECT_LENGTH and not set(name) & set("/\\#?%:\r\n"):
        return ""
    return f"a name of at most {PROJECT_LENGTH} characters without / \\ # ? % :"


def _project(name: str) -> str:
    if problem := project_problem(name):
        raise ValueError(problem)
    return name


Project = Annotated[str, AfterValidator(_project)]

HERE, CLUSTER = "here", "ray:"
DASHBOARD_PORT = 8265  # where Ray's dashboard is unless told


def _where(place: str) -> str:
    if place == HERE or (place.startswith(CLUSTER) and is_address(place.removeprefix(CLUSTER))):
        return place
    raise ValueError(
        f"'{HERE}', or '{CLUSTER}ADDRESS' with the address of a Ray dashboard, as in 'ray:http://head:8265'"
    )


_ADDRESS = re.compile(r"(?:https?://)?[A-Za-z0-9._-]{1,253}(?::(\d{1,5}))?/?", re.ASCII)
Where = Annotated[str, AfterValidator(_where)]


def is_address(text: str) -> bool:
    """Whether ``text`` is a host of HTTP, perhaps with scheme and port, and nothing behind it."""
    found = _ADDRESS.fullmatch(text)
    return found is not None and int(found[1] or 1) in range(1, 1 << 16)


def cluster_address(where: str) -> str | None:
    """The address of the Ray dashboard that ``where`` names, as ``http://host:port``; None for this machine."""
    if where == HERE:
        return None
    address = where.removeprefix(CLUSTER).rstrip("/")
    if "://" in address:
        return address
    return f"http://{address}" if ":" in address else f"http://{address}:{DASHBOARD_PORT}"


class TrainingSettings(Settings):
    """The settings that a SimCLR run and a classifier run share."""

    data: str = data_setting("reef", "The data set to train on.", title="Data set", simple=True)
    data_hash: str = Field("", description="Content hash of the data set when the run was launched.")
    broken: Broken = Field("", description="The part that this run breaks on purpose: see ablations.py.")
    seed: int = data_setting(
        0,
        "The same seed, data and machine give the same result. Other busy programs can change it by rounding errors"
        " (see Threads).",
        title="Seed",
        within=Range(0, 2**31 - 1),
    )
    image_size_px: int = data_setting(
        64,
        "Side of the square image that the network sees. Twice the side means four times the computation.",
        title="Image size",
        within=Range(16, 512, 16, "px"),
        simple=True,
    )
    encoder: EncoderName = model_setting(
        "resnet18",
        "The network that turns an image into features: tf_efficientnet_lite0, resnet18, resnet50, convnext_tiny,"
        " vit_small_patch14_dinov2 or any other name of timm's.",
        title="Encoder",
        simple=True,
    )
    stem: Stem = model_setting(
        "auto",
        "The first layers of a ResNet. 'imagenet' divides the image side by four, 'small' keeps it. 'auto' uses"
        " 'small' for random weights at 40 px or less, else 'imagenet'. Other encoders have no 'small' stem.",
        title="Stem",
    )
    precision: Literal["auto", "fp32", "bf16"] = machine_setting(
        "auto", "Number format of the computation. 'auto' uses bf16 if it is faster on this machine.", title="Precision"
    )
    device: Literal["auto", "cpu", "cuda"] = machine_setting(
        "auto", "Where to train. 'auto' uses a GPU if there is one.", title="Device"
    )
    devices: int = machine_setting(
        1,
        "How many devices train the run together. Each takes an equal share of every batch. On 'cpu': how many"
        " processes.",
        title="Devices",
        within=Range(1, 64),
    )
    threads: int = machine_setting(
        0,
        "Threads on the processor. 0 uses all cores that other programs leave free, which is fastest. A fixed number"
        " makes a run repeatable to the last digit.",
        title="Threads",
        within=Range(0, 256),
    )
    where: Where = machine_setting(
        HERE,
        "The machine to run on: 'here', or 'ray:ADDRESS' for a cluster, with the address of its Ray dashboard.",
        title="Where to run",
    )
    cluster_cores: int = machine_setting(
        2,
        "Processor cores for a run in a cluster. Two are enough with a GPU; without a GPU, more cores are faster."
        " 'Device' and 'Devices' set the GPUs.",
        title="Cores in a cluster",
        within=Range(1, 256),
    )
    wandb: Literal["environment", "off", "offline", "on"] = tracking_setting(
        "environment",
        "Record the run with Weights & Biases. 'offline' records into the run's folder; 'wandb sync FOLDER' sends that"
        " later. 'on' sends the run as it trains; this needs 'wandb login', else the run is recorded offline."
        " 'environment' follows the variable WANDB_MODE; if that is not set, nothing is recorded.",
        title="Weights & Biases",
    )
    wandb_project: Project = tracking_setting(
        PROJECT,
        "The Weights & Biases project of the run. The variable WANDB_PROJECT sets it if you leave the default here.",
        title="Project",
    )
    wandb_model: bool = tracking_setting(
        False,
        "Also send the trained model as an artifact: 13 MB for an EfficientNet-Lite0, 45 MB for a ResNet18, 111 MB for"
        " a ConvNeXt-Tiny.",
        title="Send the model",
    )
    tensorboard: bool = tracking_setting(
        False,
        "Write event files for TensorBoard into the run's folder: curves, view pairs, embeddings, confusion.",
        title="TensorBoard",
    )

    def marked(self, method: str) -> str:
        """``method``, and what is broken in it on purpose."""
        return marked(method, BROKEN.get(self.broken, ""))


def check_shares(batch_size: int, devices: int) -> None:
    """Raises ValueError where a batch has not one image for each device."""
    if batch_size < devices:
        raise ValueError(
            f"{devices} devices cannot share a batch of {batch_size}: each device needs at least one image."
            f" Set batch_size to {devices} or more, or devices to {batch_size} or fewer."
        )


def source_run(weights: str) -> str | None:
    """The id of the run that ``weights`` come from, or None."""
    return weights.removeprefix("run:") if weights.startswith("run:") else None


def flat_settings(config: Settings) -> dict[str, Any]:
    """Dotted path → value of every field, for tables and for comparing two configs."""
    return flattened(config.model_dump())


def family_settings(config: Settings) -> dict[str, Any]:
    """As :func:`flat_settings`, and the defaults of those that only others of its family have: for a form."""
    return {setting.path: setting.default for setting in describe(type(config).family())} | flat_settings(config)


def trained_settings(config: Settings) -> dict[str, Any]:
    """As :func:`flat_settings`, without those that only say where a run is recorded: they change nothing in it."""
    recorded = {setting.path for setting in describe(type(config)) if setting.group == TRACKING}
    return {path: value for path, value in flat_settings(config).items() if path not in recorded}
