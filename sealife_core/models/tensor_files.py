"""Reads the tensors of a weights file, whatever wrote it. A pickle that would run code is refused, never run."""

import os
import pickle
import pickletools
import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from sealife_core.errors import WeightsError
from sealife_core.models.checkpoint import read_safetensors
from sealife_core.opening import open_regular

# What torch.load raises, beside UnpicklingError, on bytes that are no checkpoint.
_STUMBLES = (
    OSError, RuntimeError, EOFError, LookupError, ValueError, TypeError, AttributeError, AssertionError,
    ArithmeticError, MemoryError, struct.error,
)  # fmt: skip
_HARMLESS_BYTES = 64 * 2**20  # below this no file is called a bomb, however well it is packed


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Name → tensor of a weights file, on the CPU; of nested dictionaries, the one that holds the model.

    Raises WeightsError if it is missing, damaged, no checkpoint, or holds code.
    """
    if path.suffix == ".safetensors":
        return read_safetensors(path)
    try:
        file = open_regular(path)
    except FileNotFoundError:
        raise WeightsError(f"There is no file {path}. Choose an existing weights file.") from None
    except OSError as error:
        raise WeightsError(f"{path} cannot be opened ({error.strerror}). Choose a readable file.") from None
    with file:
        found = _loaded(file, path)
    tensors = _state_of(found)
    if not tensors:
        raise WeightsError(f"{path} holds no named tensors. Save a model's state_dict() and choose that file.")
    return tensors


def _loaded(file: BinaryIO, path: Path) -> Any:
    """What torch.save wrote into ``file``; no code is run."""
    try:
        if _inflates(file):
            raise WeightsError(f"{path} unpacks to far more than its own size; weights never do. Choose another file.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about unusual pickle protocols: what cannot be read is refused below
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "GLOBAL" in str(error) or _holds_code(file):
            raise WeightsError(
                f"{path} contains Python code beside its tensors; it was not run. Save the model's state_dict() alone,"
                " with torch.save or as .safetensors, and choose that file."
            ) from None
        raise _no_checkpoint(path) from None
    except _STUMBLES:
        raise _no_checkpoint(path) from None


def _no_checkpoint(path: Path) -> WeightsError:
    return WeightsError(
        f"{path} is not a PyTorch checkpoint, or is damaged. Choose a .safetensors, .pt, .pth or .ckpt file, or copy it"
        " again from its source."
    )


def _state_of(found: Any) -> dict[str, Tensor]:
    """The tensors in ``found``: a state dict, or the largest one within dictionaries (Lightning, training loops)."""
    largest: dict[str, Tensor] = {}
    waiting, seen = [found], set()
    while waiting:
        value = waiting.pop()
        if not isinstance(value, dict) or id(value) in seen:  # a dictionary may hold itself
            continue
        seen.add(id(value))
        tensors = {name: each for name, each in value.items() if isinstance(name, str) and isinstance(each, Tensor)}
        largest = max(largest, tensors, key=len)
        waiting += reversed(value.values())
    return largest


def _inflates(file: BinaryIO) -> bool:
    """Whether a zip holds far more than it weighs: torch.save packs nothing, and a bomb shrinks a thousandfold."""
    if not zipfile.is_zipfile(file):
        file.seek(0)
        return False
    with zipfile.ZipFile(file) as opened:
        unpacked_bytes = sum(entry.file_size for entry in opened.infolist())
    size_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    return unpacked_bytes > max(_HARMLESS_BYTES, 4 * size_bytes)


def _holds_code(file: BinaryIO) -> bool:
    """Whether a pickle names Python objects; its opcodes are listed, none is executed."""
    file.seek(0)
    if zipfile.is_zipfile(file):
        return True
    file.seek(0)
    try:
        return any(opcode.name in ("GLOBAL", "STACK_GLOBAL", "INST") for opcode, _, _ in pickletools.genops(file))
    except (ValueError, EOFError, LookupError):
        return False
