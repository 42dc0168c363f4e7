"""Where an encoder's weights come from: random, ImageNet, an earlier run, a file.

Weights are read as tensors only. A pickle that would run code is refused, never run.
"""

import hashlib
import os
import pickle
import pickletools
import struct
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import torch
from torch import Tensor
from torchvision.models import get_model_weights

from sealife_core.errors import WeightsError
from sealife_core.models.checkpoint import CARD_FILE, WEIGHTS_FILE, ModelCard, load_card, read_safetensors
from sealife_core.models.encoders import Encoder
from sealife_core.models.naming import torchvision_named, unlike
from sealife_core.places import checkpoints_root as default_root
from sealife_core.places import path_of

# What torch.load raises, beside UnpicklingError, when its reader stumbles over bytes that are no checkpoint.
_STUMBLES = (
    OSError, RuntimeError, EOFError, LookupError, ValueError, TypeError, AttributeError, AssertionError,
    ArithmeticError, MemoryError, struct.error,
)  # fmt: skip
DOWNLOAD_TIMEOUT_S = 10  # without an answer, not for the whole file: a machine without internet hears so at once


def load_weights(encoder: Encoder, spec: str, *, checkpoints_root: Path | None = None) -> str:
    """Fill ``encoder`` with the weights of ``spec`` and say in a sentence where they came from.

    spec: "random" (left as built), "imagenet", "run:ID" (below ``checkpoints_root``) or "file:PATH" (.safetensors, or
    what torch.save wrote; torchvision's, lightly's or this package's names, with any prefix). The encoder is untouched
    unless all weights fit. Raises WeightsError, with the way out.
    """
    source, _, rest = spec.partition(":")
    if spec == "random":
        return "The encoder starts from random weights."
    if spec == "imagenet":
        path, version = _imagenet_file(encoder)
        _fill(encoder, read_tensors(path), f"{path}")
        return f"The encoder starts from ImageNet weights ({version}, {path})."
    if source == "run":
        folder = _run_folder(rest, checkpoints_root)
        card = load_card(folder)
        _fill(encoder, read_safetensors(folder / WEIGHTS_FILE), f"The model of run '{rest}'")
        return f"The encoder starts from run '{rest}' ({card.kind} on '{card.data}')."
    if source == "file" and rest:
        path = _named_file(rest)
        left_out = _fill(encoder, read_tensors(path), f"{path}")
        others = (
            f", without {len(left_out)} tensors that are not the encoder's ('{left_out[0]}', …)" if left_out else ""
        )
        return f"The encoder starts from the file {path}{others}."
    raise WeightsError(f"There are no weights '{spec}'. Name 'random', 'imagenet', 'run:ID' or 'file:PATH'.")


def source_card(spec: str, checkpoints_root: Path | None = None) -> ModelCard | None:
    """The card of the model that ``spec`` names; None where weights have none (random, ImageNet, a bare file).

    A run that takes over an encoder takes over its name, stem and normalisation. Raises WeightsError.
    """
    source, _, rest = spec.partition(":")
    if source == "run":
        return load_card(_run_folder(rest, checkpoints_root))
    if source == "file":
        path = _named_file(rest)
        if path.name == WEIGHTS_FILE and (path.parent / CARD_FILE).is_file():
            return load_card(path.parent)
    return None


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Name → tensor of a weights file, on the CPU; of nested dictionaries, the one that holds the model.

    Raises WeightsError if it is missing, damaged, no checkpoint, or holds code.
    """
    if path.suffix == ".safetensors":
        return read_safetensors(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about unusual pickle protocols: what cannot be read is refused below
            found = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise WeightsError(f"There is no file {path}. Name a weights file that exists.") from None
    except pickle.UnpicklingError as error:
        if "GLOBAL" in str(error) or _holds_code(path):
            raise WeightsError(
                f"{path} contains Python code beside its tensors; it was not run. Save the model's state_dict() alone,"
                " with torch.save or as .safetensors, and name that file."
            ) from None
        raise _no_checkpoint(path) from None
    except _STUMBLES:
        raise _no_checkpoint(path) from None
    tensors = _state_of(found)
    if not tensors:
        raise WeightsError(f"{path} holds no tensors by name. Save a model's state_dict() and name that file.")
    return tensors


def _no_checkpoint(path: Path) -> WeightsError:
    return WeightsError(
        f"{path} is not a checkpoint of PyTorch, or is damaged. Name a .safetensors, .pt, .pth or .ckpt file, or copy"
        " it again from where it came."
    )


def _state_of(found: Any) -> dict[str, Tensor]:
    """The tensors in ``found``: a state dict, or the largest one within dictionaries (Lightning, training loops)."""
    if not isinstance(found, dict):
        return {}
    tensors = {name: value for name, value in found.items() if isinstance(name, str) and isinstance(value, Tensor)}
    return max([tensors, *map(_state_of, found.values())], key=len)


def _holds_code(path: Path) -> bool:
    """Whether a pickle names Python objects; its opcodes are listed, none is executed."""
    if zipfile.is_zipfile(path):
        return True
    with path.open("rb") as file:
        try:
            return any(opcode.name in ("GLOBAL", "STACK_GLOBAL", "INST") for opcode, _, _ in pickletools.genops(file))
        except (ValueError, EOFError, LookupError):
            return False


def _fill(encoder: Encoder, tensors: dict[str, Tensor], what: str) -> list[str]:
    """Load what is the encoder's of ``tensors``; returns the names left out. Raises WeightsError unless all fits."""
    found, left_out = torchvision_named(tensors)
    # Checkpoints of before torch 0.4.1 do not count batches; nothing is computed from the count.
    counts = {name.replace("running_mean", "num_batches_tracked") for name in found if name.endswith("running_mean")}
    found = dict.fromkeys(counts, torch.tensor(0)) | found
    if problem := unlike(found, encoder):
        raise WeightsError(f"{what} {problem}")
    if spoiled := [name for name, tensor in found.items() if not tensor.isfinite().all()]:
        raise WeightsError(
            f"{what} holds numbers that are not finite ('{spoiled[0]}'). Name weights that trained well."
        )
    encoder.load_state_dict(found)
    return left_out


def _run_folder(run_id: str, checkpoints_root: Path | None) -> Path:
    """The folder of a run that has a model."""
    root = checkpoints_root or default_root()
    folder = root / run_id
    if run_id not in (path.name for path in root.glob("*")):  # not "..", nor any other way out of the root
        usable = sorted((card.parent.name for card in root.glob(f"*/{CARD_FILE}")), reverse=True)
        have = f"you have these: {', '.join(usable[:5])}" if usable else "none has a model yet"
        more = f" and {len(usable) - 5} more" if len(usable) > 5 else ""
        raise WeightsError(f"There is no run '{run_id}' to start from; {have}{more}.")
    if not (folder / CARD_FILE).is_file() or not (folder / WEIGHTS_FILE).is_file():
        raise WeightsError(
            f"Run '{run_id}' has no model yet. Wait until it has finished, or stop it to keep what it has learned."
        )
    return folder


def _named_file(name: str) -> Path:
    path = path_of(name)
    return path / WEIGHTS_FILE if path.is_dir() else path


def imagenet_files(name: str) -> Iterator[tuple[Path, str, str]]:
    """(path, version, address) of the weights that torchvision has for encoder ``name``, its best first."""
    weights = get_model_weights(name)
    best = weights["DEFAULT"]
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    for version in [best, *(other for other in weights if other is not best)]:
        yield folder / version.url.rpartition("/")[2], version.name, version.url


def _imagenet_file(encoder: Encoder) -> tuple[Path, str]:
    """A file of ImageNet weights for ``encoder`` and its version: one that is there, else downloaded."""
    if encoder.stem != "imagenet":
        raise WeightsError(
            f"ImageNet weights were made with the 'imagenet' stem, but this run asks for '{encoder.stem}'."
            " Set the stem to 'auto' or 'imagenet', or the weights to 'random'."
        )
    files = list(imagenet_files(encoder.name))
    for path, version, _ in files:
        if path.is_file():
            return path, version
    path, version, address = files[0]
    try:
        _download(address, path)
    except OSError as error:  # URLError and timeouts are of this kind
        raise WeightsError(
            f"ImageNet weights for {encoder.name} are not on this machine and there is no internet to fetch them from"
            f" ({error}). On another machine download {address}, then put {path.name} into {path.parent},"
            " or set the weights to 'file:' and its path."
        ) from None
    return path, version


def _download(address: str, path: Path) -> None:
    """Fetch ``address`` into ``path``, whole or not at all. Raises OSError, also if something else arrives.

    torchvision's file names end in the first digits of the content's SHA-256.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file, urlopen(address, timeout=DOWNLOAD_TIMEOUT_S) as answer:
            while block := answer.read(1 << 20):
                digest.update(block)
                file.write(block)
        if not digest.hexdigest().startswith(path.stem.rpartition("-")[2]):
            raise OSError("the file that arrived is not the one that was named")
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
