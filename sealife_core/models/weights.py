"""Where an encoder's weights come from: random, ImageNet, an earlier run, a file. Only tensors are ever loaded."""

import pickle
from pathlib import Path
from urllib.error import URLError

import torch
from torch import Tensor
from torchvision.models import get_model_weights

from sealife_core.errors import WeightsError
from sealife_core.models.checkpoint import CARD, WEIGHTS, ModelCard, load_card, load_tensors
from sealife_core.models.encoders import Encoder

# lightly and others keep a ResNet as a plain sequence of its parts.
SEQUENCE = {"0": "conv1", "1": "bn1", "4": "layer1", "5": "layer2", "6": "layer3", "7": "layer4"}
PREFIXES = ("state_dict.", "module.", "model.", "backbone.", "encoder.", "resnet.")


def load_weights(encoder: Encoder, spec: str, *, checkpoints_root: Path) -> str:
    """Load what ``spec`` names into ``encoder``: random, imagenet, run:ID or file:PATH.

    Returns a sentence that says where from. Raises WeightsError when they are missing, damaged or of another shape.
    """
    source, _, rest = spec.partition(":")
    if source == "random":
        return "Weights: random."
    if source == "imagenet":
        if encoder.stem != "imagenet":
            raise WeightsError(
                "ImageNet weights fit the 'imagenet' stem only; got the 'small' stem. Set the stem to 'auto'."
            )
        _fit(encoder, _imagenet(encoder.name), "the ImageNet weights")
        return f"Weights: {encoder.name}, supervised on ImageNet."
    if source == "run":
        folder = run_folder(rest, checkpoints_root)
        _fit(encoder, load_tensors(folder / WEIGHTS), f"the weights of run '{rest}'")
        return f"Weights: the encoder of run {rest}."
    path = Path(rest).expanduser()
    _fit(encoder, load_state(path), f"the weights in '{path.name}'")
    return f"Weights: {path.name}."


def source_card(spec: str, *, checkpoints_root: Path) -> ModelCard | None:
    """The card of the model that ``spec`` names, where it has one: a run of ours, or a file beside its model.json."""
    source, _, rest = spec.partition(":")
    if source == "run":
        return load_card(run_folder(rest, checkpoints_root))
    if source == "file":
        path = Path(rest).expanduser()
        if path.name == WEIGHTS and (path.parent / CARD).exists():
            return load_card(path.parent)
    return None


def run_folder(run_id: str, checkpoints_root: Path) -> Path:
    """The folder of a run that has a model. Raises WeightsError, naming the runs that have one."""
    folder = checkpoints_root / run_id
    if Path(run_id).name == run_id and (folder / CARD).exists():
        return folder
    having = sorted((p.parent.name for p in checkpoints_root.glob(f"*/{CARD}")), reverse=True)
    you_have = f"You have: {', '.join(having[:5])}." if having else "There is none yet: train SimCLR first."
    state = "has no model yet" if Path(run_id).name == run_id and folder.is_dir() else "does not exist"
    raise WeightsError(f"The run '{run_id}' {state}. {you_have}")


def load_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a .safetensors or PyTorch file, never its code. Raises WeightsError."""
    if not path.is_file():
        raise WeightsError(f"There is no weights file '{path}'. Check the path.")
    if path.suffix == ".safetensors":
        return load_tensors(path)
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "Weights only load failed" in str(error):
            raise WeightsError(
                f"'{path.name}' is no plain weights file: it is damaged or holds code, which was not run."
                " Save its state_dict() alone, or as .safetensors."
            ) from None
        raise WeightsError(f"'{path.name}' is not a weights file. Expected .safetensors, .pt, .pth or .ckpt.") from None
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        first = (str(error).splitlines() or ["empty"])[0]
        raise WeightsError(
            f"'{path.name}' is not a weights file ({first}). Expected .safetensors, .pt, .pth or .ckpt."
        ) from None
    while isinstance(held, dict) and any(isinstance(held.get(key), dict) for key in ("state_dict", "model")):
        held = held.get("state_dict") or held["model"]
    tensors = {str(k): v for k, v in held.items() if isinstance(v, Tensor)} if isinstance(held, dict) else {}
    if not tensors:
        raise WeightsError(f"'{path.name}' holds no tensors by name. Save a state_dict() and name that file.")
    return tensors


def _imagenet(name: str) -> dict[str, Tensor]:
    weights = get_model_weights(name)["DEFAULT"]
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    file = folder / weights.url.rsplit("/", 1)[-1]
    if file.exists():
        return load_state(file)
    try:
        return dict(weights.get_state_dict(progress=False, check_hash=True, weights_only=True))
    except (URLError, OSError, RuntimeError) as error:
        raise WeightsError(
            f"The ImageNet weights of {name} are not on this machine and could not be downloaded ({error})."
            f" Put the file {file.name} into {folder}, or choose 'file:' and its path."
        ) from None


def _fit(encoder: Encoder, tensors: dict[str, Tensor], whose: str) -> None:
    """Load ``tensors`` under whatever names their maker used; heads are left out."""
    own = encoder.state_dict()
    named = {_plain(name): value for name, value in tensors.items() if not name.startswith(("head.", "fc."))}
    given = {name: named[name] for name in own if name in named}
    missing = [name for name in own if name not in given and not name.endswith("num_batches_tracked")]
    shapes = [name for name, value in given.items() if value.shape != own[name].shape]
    if missing or shapes:
        looks_like = _recognised(named)
        hint = f" They look like those of a {looks_like}." if looks_like else ""
        detail = f"{len(missing)} tensors are missing" if missing else f"'{shapes[0]}' has another shape"
        raise WeightsError(
            f"{whose[0].upper()}{whose[1:]} do not fit a {encoder.name} with the {encoder.stem} stem: {detail}.{hint}"
            " Choose the encoder and stem that they were made with."
        )
    encoder.load_state_dict(given, strict=False)


def _plain(name: str) -> str:
    """``module.backbone.layer1.0.conv1.weight`` → ``layer1.0.conv1.weight``."""
    shorter = next((name.removeprefix(p) for p in PREFIXES if name.startswith(p)), name)
    if shorter != name:
        return _plain(shorter)
    first, dot, rest = name.partition(".")
    return f"{SEQUENCE[first]}.{rest}" if dot and first in SEQUENCE else name


def _recognised(tensors: dict[str, Tensor]) -> str | None:
    """Which ResNet ``tensors`` come from, told by their blocks; None for anything else."""
    stem = tensors.get("conv1.weight")
    if stem is None or "layer4.0.conv1.weight" not in tensors:
        return None
    stem_name = "small" if stem.shape[-1] == 3 else "imagenet"
    if "layer1.0.conv3.weight" in tensors:
        name = "resnet50" if "layer3.5.conv1.weight" in tensors and "layer3.6.conv1.weight" not in tensors else None
    else:
        name = "resnet34" if "layer1.2.conv1.weight" in tensors else "resnet18"
    return f"{name} with the {stem_name} stem" if name else None
