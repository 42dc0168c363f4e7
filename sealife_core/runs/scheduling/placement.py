"""Where a run may begin: on devices that are free, or beside a training. Dispatcher and forecast share this rule.

A run that trains no encoder (it embeds, or it trains a probe on features that are computed once) takes seconds to
minutes. While trainings hold every device that it could use, it runs beside them on the processor: one such run at a
time, and only where memory allows. It holds no device, so a waiting training begins as if it were not there.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from sealife_core.config import AnyConfig
from sealife_core.runs.costs.devices import CPU, needed, suitable
from sealife_core.runs.costs.estimates import is_light, peak_memory_bytes

RULE = (
    "A run that does not train an encoder need not wait for other training to end. It runs beside it on the processor,"
    " one at a time, if there is enough memory."
)
NO_ROOM = "waiting for memory: other runs need it"  # what the queue says of a run that waits for that
HOST_BYTES = 4 * 1024**3  # main memory of a process that trains on a GPU: PyTorch with CUDA, and batches
KEPT_FREE_BYTES = 1024**3  # for the rest of the machine; estimates of memory are right within some 10 %


@dataclass(frozen=True)
class Demand:
    """``count`` of the devices that a run ``may_take``; beside: it may run beside a training."""

    may_take: tuple[str, ...]
    count: int = 1
    beside: bool = False

    def free(self, held: Mapping[str, bool], reserved: Collection[str]) -> list[str]:
        """The devices that the run may take now.

        held: device → whether the run that holds it trains an encoder; reserved: kept for runs that are ahead.
        """
        return [device for device in self.may_take if device not in held and device not in reserved]

    def fits_beside(self, held: Mapping[str, bool]) -> bool:
        """Whether the run may share the processor because trainings hold every device that it could take."""
        return self.beside and all(held.get(device) for device in self.may_take)


def demand_of(config: AnyConfig, devices: list[str], *, has_room: bool = True) -> Demand:
    """What the run takes of the ``devices`` of this machine. has_room: whether memory suffices for it beside others."""
    return Demand(tuple(suitable(config, devices)), needed(config), has_room and may_go_beside(config))


def may_go_beside(config: AnyConfig) -> bool:
    """Whether the run may work beside trainings: a light one that does not need a GPU."""
    return is_light(config) and config.device != "cuda"


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
