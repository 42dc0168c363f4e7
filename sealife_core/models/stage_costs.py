"""What an encoder is and costs, measured on a network without storage: nothing is computed."""

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlparse

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from sealife_core.models.encoders import Encoder
from sealife_core.models.facts import STAGE_NAMES, EncoderFacts, StageCost
from sealife_core.models.timm_encoder import TimmEncoder
from sealife_core.models.without_storage import without_storage

_PX = 224


def measured_facts(name: str) -> EncoderFacts:
    """The facts of a network of timm that is not in the table. Raises ValueError where it cannot be an encoder."""
    encoder = _empty(name)
    if not _takes(encoder, _PX):
        raise ValueError(f"'{name}' takes no pictures of 224 px, so it cannot serve as an encoder. Choose another one.")
    config = encoder.net.pretrained_cfg
    return EncoderFacts(
        name=name,
        title=name,
        says="A network of timm.",
        feature_dim=encoder.feature_dim,
        own_px=encoder.own_px,
        mean=encoder.mean,
        std=encoder.std,
        reductions=reductions(encoder),
        stages=measured_stages(encoder),
        licence=config.get("license") or "not stated",
        hub=config.get("hf_hub_id") or "",
        torch_file=torch_file(config.get("url") or ""),
        published="published weights",
        learned="",
        batch_norm=encoder.has_batch_norm,
    )


def torch_file(address: str) -> str:
    """What torch.hub calls a download from ``address``; "" where it is no checkpoint of PyTorch (some are of NumPy)."""
    name = PurePosixPath(urlparse(address).path).name
    return name if name.endswith((".pth", ".pt")) else ""


def goes_through(name: str, image_size_px: int) -> bool:
    """Whether a picture of that side goes through timm's network ``name``."""
    return _takes(_empty(name), image_size_px)


def _empty(name: str) -> TimmEncoder:
    with without_storage():
        return TimmEncoder(name).eval()


def _takes(encoder: TimmEncoder, image_size_px: int) -> bool:
    with torch.device("meta"), torch.no_grad():
        try:
            return encoder(torch.zeros(1, 3, image_size_px, image_size_px)).shape == (1, encoder.feature_dim)
        except (AssertionError, RuntimeError, ValueError):  # each network refuses in its own way
            return False


def measured_stages(encoder: Encoder) -> tuple[StageCost, ...]:
    """The costs of the five stages of ``encoder``, which must be on the meta device, on one image of 224 px."""
    kept: dict[int, int] = {}
    counter = FlopCounterMode(display=False)
    totals: list[tuple[float, float]] = []
    held: list[Any] = []  # storages stay alive, so that no two have the same id

    def keep(tensor: Tensor) -> Tensor:
        if not isinstance(tensor, torch.nn.Parameter):
            storage = tensor.untyped_storage()
            kept[id(storage)] = tensor.numel() * tensor.element_size()
            held.append(storage)
        return tensor

    def total(*_: Any) -> None:
        totals.append((counter.get_total_flops() / 2e9, sum(kept.values()) / 1e6))

    with counter, saved_tensors_hooks(keep, lambda tensor: tensor):
        _pass(encoder, total)
        totals.pop()
        total()  # the last stage is charged with what follows it
    before = [(0.0, 0.0), *totals[:-1]]
    numbers = [sum(each.numel() for each in stage.parameters()) / 1e6 for _, stage in encoder.stages]
    return tuple(
        StageCost(round(g - g0, 3), round(n, 3), round(k - k0, 1))
        for (g, k), (g0, k0), n in zip(totals, before, numbers, strict=True)
    )


def reductions(encoder: Encoder) -> tuple[int, ...]:
    """Side of the picture over side of the maps after each of the five stages of ``encoder``, on the meta device."""
    found: list[int] = []
    with torch.no_grad():
        _pass(encoder, lambda _, given: found.append(_PX // encoder.maps(given).shape[-1]))
    return tuple(found)


def _pass(encoder: Encoder, at_end: Callable[[str, Tensor], None]) -> None:
    """One image through ``encoder`` in evaluation mode; ``at_end`` is called where each stage ends."""
    handles = encoder.at_ends(at_end, *STAGE_NAMES)
    try:
        encoder.eval()(torch.zeros(1, 3, _PX, _PX, device="meta"))
    finally:
        for handle in handles:
            handle.remove()
