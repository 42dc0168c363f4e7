"""Which devices there are to train on, found without loading torch. The processor counts as one."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from sealife_core.config import AnyConfig
from sealife_core.environment import CUDA_VISIBLE_DEVICES, RESERVED_DEVICES

CPU = "cpu"
NONE = "none"  # of a run that only launches others: it takes no device


def devices(environ: Mapping[str, str] = os.environ, system: Path = Path("/")) -> list[str]:
    """``["cpu", "cuda:0", …]``; after the colon is what CUDA_VISIBLE_DEVICES takes, a number or an id.

    Reserved ones are left out; the processor cannot be reserved, because every run needs it.
    """
    nodes = [re.fullmatch(r"nvidia(\d+)", p.name) for p in (system / "dev").glob("nvidia*")]
    numbers = sorted(int(node[1]) for node in nodes if node)
    known = (system / "proc/driver/nvidia/gpus").is_dir() or (system / "dev/nvidiactl").exists()
    if CUDA_VISIBLE_DEVICES.is_set(environ):
        named = CUDA_VISIBLE_DEVICES.text(environ).split(",")
        gpus = [part.strip() for part in named if part.strip() not in ("", "-1")]
    else:
        # CUDA numbers what it sees from 0, whatever the nodes are called: a container may have only nvidia3.
        gpus = [str(i) for i in range(len(numbers))] if known else []
    kept = RESERVED_DEVICES.value(environ)
    return [CPU, *(name for gpu in gpus if (name := f"cuda:{gpu}") not in kept)]


def suitable(config: AnyConfig, there: list[str]) -> list[str]:
    """The devices of ``there`` that the run may use; none if it needs a GPU and there is none."""
    gpus = [device for device in there if device != CPU]
    if config.device == "cpu":
        return [CPU]
    return gpus if config.device == "cuda" or gpus else [CPU]


def needed(config: AnyConfig) -> int:
    """How many devices the run takes; the processor is one, however many processes share it."""
    return 1 if config.device == "cpu" else config.devices


def impossible(config: AnyConfig, there: list[str]) -> tuple[str, str] | None:
    """Why the devices of this machine can never carry out the run, and what would work; None if they can."""
    found, count = len(suitable(config, there)), needed(config)
    if not found:
        return "The run needs a GPU, but this machine has none.", "device 'cpu' or 'auto'."
    if count <= found:
        return None
    be, many = ("is", "one") if found == 1 else ("are", str(found))
    reserved = ", ".join(RESERVED_DEVICES.value())
    kept = f" that {be} not reserved (reserved: {reserved})" if reserved else ""
    way = f"devices {found}, or with device 'cpu', where {count} processes share the processor."
    return f"The run needs {count} devices, but this machine has {many}{kept}.", way


def not_here(environ: Mapping[str, str] = os.environ, system: Path = Path("/")) -> str:
    """One sentence if a device is reserved that this machine does not have, else ""."""
    here = devices({**environ, RESERVED_DEVICES.name: ""}, system)
    unknown = [name for name in RESERVED_DEVICES.value(environ) if name not in here[1:]]
    listed = ", ".join(here[1:]) or "only the processor, which every run needs"
    return f"{RESERVED_DEVICES.name} names {', '.join(unknown)}, but this machine has {listed}." if unknown else ""


def visible(assigned: list[str]) -> str:
    """CUDA_VISIBLE_DEVICES of a process on these devices: always set, never inherited."""
    return ",".join(device.removeprefix("cuda:") for device in assigned if device not in (CPU, NONE))
