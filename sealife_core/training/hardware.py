"""Which device, number format and convolutions to train with: what the machine has, unless the config insists."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch

from sealife_core.config import TrainingSettings
from sealife_core.environment import FAST_CONVOLUTIONS, LOCAL_RANK
from sealife_core.errors import ConfigError
from sealife_core.folders import checkpoints_root
from sealife_core.models.encoders import Encoder
from sealife_core.models.fast_convolutions.take_over import is_faster, kinds_for, learning_s
from sealife_core.processes import host
from sealife_core.runs.files import UnreadableFile, read_json, replace_json

MEASURED = ".precision.json"  # below the root of all runs
WORTH = 1.2  # bf16 must be this much faster than fp32 to be worth its coarser numbers


@dataclass(frozen=True)
class Hardware:
    """The device and the number format of a run.

    devices: how many of them train together; rank: which of them this process is, of which the first leads.
    """

    device: Literal["cpu", "cuda"]
    precision: Literal["fp32", "bf16"]
    devices: int = 1
    rank: int = 0

    @property
    def lightning_precision(self) -> Literal["32-true", "bf16-mixed"]:
        """Lightning's name of the number format."""
        return "bf16-mixed" if self.precision == "bf16" else "32-true"

    @property
    def autocast(self) -> torch.autocast:
        """The context in which the forward pass of this choice runs, for code outside a Trainer."""
        return torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.precision == "bf16")


def choose_hardware(config: TrainingSettings, before: str | None = None) -> Hardware:
    """Resolve ``auto``; ``before`` is the precision of an earlier attempt of the same run, which is kept.

    Raises ConfigError when the config insists on a GPU that is not there, or on more devices than there are.
    """
    if config.device == "cuda" and not torch.cuda.is_available():
        raise ConfigError(["'device' is 'cuda', but this machine has no usable GPU. Choose 'auto' or 'cpu'."])
    device = "cuda" if config.device != "cpu" and torch.cuda.is_available() else "cpu"
    there = torch.cuda.device_count() if device == "cuda" else 1
    if config.devices > there and config.device != "cpu":
        given = f"{there} GPU{'s' * (there > 1)}" if device == "cuda" else "1 processor"
        raise ConfigError(
            [
                f"'devices' is {config.devices}, but this run was given {given}. Choose {there} or fewer, or device"
                " 'cpu', where so many processes share the processor."
            ]
        )
    rank = int(LOCAL_RANK.text(default="0")) if config.devices > 1 else 0
    return Hardware(device, _precision(config, device, before), config.devices, rank)


def _precision(config: TrainingSettings, device: str, before: str | None) -> Literal["fp32", "bf16"]:
    if config.precision != "auto":
        return config.precision
    if before in ("fp32", "bf16"):
        return before  # type: ignore[return-value]
    return "bf16" if _prefers_bf16(device) else "fp32"


def _prefers_bf16(device: str) -> bool:
    """Whether bf16 pays: on a GPU that has it, always; on a processor that has it, only where it is measured to.

    With the instructions for it, bf16 may still be slower than fp32, as where the matrix unit is turned off.
    """
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    has = torch.cpu.get_capabilities()
    if not any(has.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16")):
        return False
    return measured_once("bf16_is_faster", _bf16_is_faster)


def measured_once(name: str, measure: Callable[[], bool]) -> bool:
    """What ``measure`` says of this machine, its threads and this version of PyTorch, kept for all runs.

    A tenth of a second at every launch, and runs that are compared should not differ by the noise of a moment.
    """
    path = checkpoints_root() / MEASURED
    here = f"{host()}, {torch.get_num_threads()} threads, torch {torch.__version__}"
    known: dict[str, Any] = {}
    with suppress(UnreadableFile):
        known = read_json(path) or {}
    if known.get("measured_on") != here:
        known = {"measured_on": here}
    if not isinstance(known.get(name), bool):
        known[name] = measure()
        with suppress(OSError):  # what cannot be kept is measured again
            replace_json(path, known)
    return known[name]


def fast_convolutions(encoder: Encoder, machine: Hardware, before: list[str] | None = None) -> tuple[str, ...]:
    """The kinds of :mod:`~sealife_core.models.fast_convolutions` that pay in training ``encoder`` on this machine.

    before: those of an earlier attempt of the same run, which are kept.
    """
    asked = FAST_CONVOLUTIONS.value()
    kinds = kinds_for(encoder, machine.precision) if machine.device == "cpu" and asked != "off" else ()
    if before is not None:
        return tuple(kind for kind in kinds if kind in before)
    return tuple(k for k in kinds if asked == "on" or measured_once(f"{k}_is_faster", partial(is_faster, k)))


def _bf16_is_faster() -> bool:
    return _convolution_s(torch.bfloat16) * WORTH < _convolution_s(torch.float32)


def _convolution_s(dtype: torch.dtype) -> float:
    """Seconds for a residual block's convolution, forward and backward."""
    images = torch.zeros(32, 64, 16, 16, dtype=dtype).contiguous(memory_format=torch.channels_last).requires_grad_()
    return learning_s(torch.nn.Conv2d(64, 64, 3, padding=1, dtype=dtype).to(memory_format=torch.channels_last), images)
