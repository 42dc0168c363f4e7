"""Runs that work beside a training instead of waiting for its end.

A run that trains no encoder (it embeds, or it trains a probe on features that are computed once) takes seconds to
minutes. While trainings hold every device that it could use, it runs beside them on the processor: one such run at a
time, and only where memory allows. It holds no device, so a waiting training begins as if it were not there.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import psutil

from sealife_core.config import AnyConfig, ClassifierConfig, EmbedConfig
from sealife_core.runs.costs.devices import CPU
from sealife_core.runs.costs.estimates import peak_memory_bytes

RULE = (
    "A run that does not train an encoder need not wait for other training to end. It runs beside it on the processor,"
    " one at a time, if there is enough memory."
)
NO_ROOM = "waiting for memory: other runs need it"  # what the queue says of a run that waits for that
HOST_BYTES = 4 * 1024**3  # main memory of a process that trains on a GPU: PyTorch with CUDA, and batches
KEPT_FREE_BYTES = 1024**3  # for the rest of the machine; estimates of memory are right within some 10 %


def is_light(config: AnyConfig) -> bool:
    """Whether the run trains no encoder, and no layer on views that change with every epoch."""
    if isinstance(config, EmbedConfig):
        return True
    return isinstance(config, ClassifierConfig) and config.on_frozen_features


def may_go_beside(config: AnyConfig) -> bool:
    """Whether the run may work beside trainings: a light one that does not need a GPU."""
    return is_light(config) and config.device != "cuda"


def have_room(peak_bytes: int, others: Iterable[tuple[int, int]], free_bytes: int) -> bool:
    """Whether memory suffices for a run with that peak beside what the ``others`` will still take.

    others: (bytes at its peak, bytes that it holds already) of each run at work; free_bytes: what is free now.
    """
    to_come = sum(max(0, peak - held) for peak, held in others)
    return free_bytes - to_come - KEPT_FREE_BYTES >= peak_bytes


def peak_in_main_memory(config: AnyConfig, assigned: Sequence[str], root: Path) -> int:
    """Bytes of main memory that the run takes on the ``assigned`` devices."""
    if any(device != CPU for device in assigned):
        return HOST_BYTES * len(assigned)
    return peak_memory_bytes(config.model_copy(update={"device": CPU}), root)


def available_bytes() -> int:
    """Bytes of main memory that programs may still take."""
    return psutil.virtual_memory().available


def held_bytes(pid: int) -> int:
    """Bytes of main memory that a process holds; 0 if it is gone."""
    try:
        return psutil.Process(pid).memory_info().rss
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
