"""Which devices there are to train on, told without loading torch. The processor counts as one."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from sealife_core.config import AnyConfig

CPU = "cpu"
NONE = "none"  # of a run that only coordinates others: it takes nobody's place


def devices(environ: Mapping[str, str] = os.environ, system: Path = Path("/")) -> list[str]:
    """``["cpu", "cuda:0", …]``; what follows the colon is what CUDA_VISIBLE_DEVICES takes, a number or an id."""
    chosen = environ.get("CUDA_VISIBLE_DEVICES")
    nodes = [re.fullmatch(r"nvidia(\d+)", p.name) for p in (system / "dev").glob("nvidia*")]
    numbers = sorted(int(node[1]) for node in nodes if node)
    known = (system / "proc/driver/nvidia/gpus").is_dir() or (system / "dev/nvidiactl").exists()
    if chosen is not None:
        gpus = [part.strip() for part in chosen.split(",") if part.strip() not in ("", "-1")]
    else:
        # CUDA numbers what it sees from 0, whatever the nodes are called: a container may be given only nvidia3.
        gpus = [str(i) for i in range(len(numbers))] if known else []
    return [CPU, *(f"cuda:{gpu}" for gpu in gpus)]


def suitable(config: AnyConfig, there: list[str]) -> list[str]:
    """The devices of ``there`` that may carry the run; none where it insists on a GPU and there is none."""
    gpus = [device for device in there if device != CPU]
    if config.device == "cpu":
        return [CPU]
    return gpus if config.device == "cuda" or gpus else [CPU]


def visible(device: str) -> str:
    """What a process on ``device`` gets as CUDA_VISIBLE_DEVICES: always said, never inherited."""
    return "" if device in (CPU, NONE) else device.removeprefix("cuda:")
