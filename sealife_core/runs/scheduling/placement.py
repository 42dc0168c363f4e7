"""Where a run may begin: on devices that are free, or beside a training. Dispatcher and forecast share this rule."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sealife_core.config import AnyConfig
from sealife_core.runs.costs.devices import needed, suitable
from sealife_core.runs.scheduling.concurrency import may_go_beside


@dataclass(frozen=True)
class Demand:
    """``count`` of the devices that a run ``may_take``; beside: it may run beside a training (``concurrency.py``)."""

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


def demand_of(config: AnyConfig, devices: Sequence[str]) -> Demand:
    """What the run takes of the ``devices`` of this machine."""
    return Demand(tuple(suitable(config, list(devices))), needed(config), may_go_beside(config))
