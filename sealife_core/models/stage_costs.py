"""What each stage of an encoder costs, counted on a network without storage: nothing is computed."""

from typing import Any

import torch
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from sealife_core.models.encoders import Encoder
from sealife_core.models.facts import STAGE_NAMES, StageCost

_PX = 224


def measured_stages(encoder: Encoder) -> tuple[StageCost, ...]:
    """The five stages of ``encoder``, which must be on the meta device, on one image of 224 px."""
    kept: dict[int, int] = {}
    own = {id(parameter) for parameter in encoder.parameters()}
    counter = FlopCounterMode(display=False)
    totals: list[tuple[float, float]] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if id(tensor) not in own and not isinstance(tensor, torch.nn.Parameter):
            kept[id(storage)] = tensor.numel() * tensor.element_size()
            held.append(storage)
        return tensor

    def total(*_: Any) -> None:
        totals.append((counter.get_total_flops() / 2e9, sum(kept.values()) / 1e6))

    held: list[Any] = []  # storages stay alive, so that no two have the same id
    handles = encoder.at_ends(total, *STAGE_NAMES)
    try:
        with counter, saved_tensors_hooks(keep, lambda tensor: tensor):
            encoder.eval()(torch.zeros(1, 3, _PX, _PX, device="meta"))
            totals[-1:] = [(counter.get_total_flops() / 2e9, sum(kept.values()) / 1e6)]
    finally:
        for handle in handles:
            handle.remove()
    before = [(0.0, 0.0), *totals[:-1]]
    numbers = [sum(each.numel() for each in stage.parameters()) / 1e6 for _, stage in encoder.stages]
    return tuple(
        StageCost(round(g - g0, 3), round(n, 3), round(k - k0, 1))
        for (g, k), (g0, k0), n in zip(totals, before, numbers, strict=True)
    )


def reductions(encoder: Encoder) -> tuple[int, ...]:
    """Side of the picture over side of the maps after each of the five stages of ``encoder``, on the meta device."""
    found: list[int] = []
    handles = encoder.at_ends(lambda _, given: found.append(_PX // encoder.maps(given).shape[-1]), *STAGE_NAMES)
    try:
        with torch.no_grad():
            encoder.eval()(torch.zeros(1, 3, _PX, _PX, device="meta"))
    finally:
        for handle in handles:
            handle.remove()
    return tuple(found)
