"""The fast convolutions: which there are, whether they are faster here, and how to make a network use them.

A layer changes its class and keeps its parameters: the same names, numbers and, to rounding, results.
"""

import time
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

import torch
from jaxtyping import Float
from torch import nn

from sealife_core.models.encoders import Encoder
from sealife_core.models.facts import RESNETS
from sealife_core.models.fast_convolutions import pointwise, winograd
from sealife_core.models.fast_convolutions.pointwise import PointwiseConv2d
from sealife_core.models.fast_convolutions.winograd import WinogradConv2d

WINOGRAD, POINTWISE, DEPTHWISE = "winograd", "pointwise", "depthwise"
_WORTH = 1.1  # a kind must be this much faster than PyTorch's own: less may be noise
# A layer that is typical of each kind, and the maps it gets.
_TYPICAL: dict[str, tuple[dict[str, Any], tuple[int, int, int, int]]] = {
    WINOGRAD: ({"out_channels": 256, "kernel_size": 3, "padding": 1}, (32, 256, 4, 4)),
    POINTWISE: ({"out_channels": 512, "kernel_size": 1}, (32, 1024, 4, 4)),
    DEPTHWISE: ({"out_channels": 192, "kernel_size": 3, "padding": 1, "groups": 192}, (32, 192, 14, 14)),
}


def kinds_for(encoder: Encoder, precision: str) -> tuple[str, ...]:
    """The kinds that may serve training of ``encoder`` on a processor in this number format."""
    if encoder.name in RESNETS:
        return (WINOGRAD, POINTWISE) if precision == "fp32" else ()
    return (DEPTHWISE,) if precision == "bf16" else ()


def take_over(net: nn.Module, kinds: Iterable[str]) -> None:
    """Have the convolutions of ``net`` that fit computed in the ways ``kinds``."""
    for fast_class in map(_fast_class, kinds):
        for part in net.modules():
            if isinstance(part, nn.Conv2d) and (fast := fast_class(part)) is not None:
                part.__class__ = fast  # no second drawing of weights, which would change what every seed means


def _fast_class(kind: str) -> Callable[[nn.Conv2d], type[nn.Conv2d] | None]:
    if kind == DEPTHWISE:
        from sealife_core.models.fast_convolutions import depthwise  # timm takes a second to import

        return depthwise.fast_class
    return {WINOGRAD: winograd, POINTWISE: pointwise}[kind].fast_class


def is_faster(kind: str) -> bool:
    """Whether a typical layer learns faster with ``kind`` than as PyTorch's own: a tenth of a second."""
    options, shape = _TYPICAL[kind]
    with torch.random.fork_rng(devices=[]):  # a run must not depend on whether anything was measured
        own = nn.Sequential(nn.Conv2d(shape[1], bias=False, **options)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        maps = torch.randn(shape).contiguous(memory_format=torch.channels_last).requires_grad_()
    fast = deepcopy(own)
    take_over(fast, [kind])
    with torch.autocast("cpu", torch.bfloat16, enabled=kind == DEPTHWISE):
        return learning_s(fast, maps) * _WORTH < learning_s(own, maps)


def learning_s(net: nn.Module, maps: Float[torch.Tensor, "n c h w"]) -> float:
    """Seconds of ``net`` on ``maps``, forward and backward: the best of a few, the first not counted."""
    taken: list[float] = []
    for _ in range(6):
        started = time.perf_counter()
        found = net(maps)
        found.backward(torch.ones_like(found))
        taken.append(time.perf_counter() - started)
    return min(taken[1:])


def plain(conv: nn.Conv2d) -> nn.Conv2d:
    """``conv`` as PyTorch's own, with the same parameters: Winograd's and the pointwise ones take no bias."""
    if not isinstance(conv, WinogradConv2d | PointwiseConv2d):
        return conv
    shape: Any = conv.kernel_size, conv.stride, conv.padding, conv.dilation, conv.groups
    with torch.device("meta"):  # no weights to draw: a run must not depend on how often its encoder is looked at
        kept = nn.Conv2d(conv.in_channels, conv.out_channels, *shape)
    kept.weight, kept.bias = conv.weight, conv.bias
    return kept
