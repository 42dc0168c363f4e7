"""BatchNorm folded into the convolution before it, which saves passes over the maps.

In inference every one of them is; in training those whose statistics stay as they are.

In evaluation a BatchNorm is one multiplication and one addition a channel, which the convolution can do by its own
weights (Jacob et al. 2018, arXiv 1712.05877, section 3.2).
"""

from collections.abc import Iterator
from copy import deepcopy
from itertools import chain
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.utils.fusion import fuse_conv_bn_eval

from sealife_core.models.encoders import Encoder
from sealife_core.models.fast_convolutions.take_over import plain

_CLOSE = 1e-3
_TRIED_PX = 64
_Pair = tuple[str, str]  # the names of a convolution and of the BatchNorm behind it


def folded(encoder: Encoder, precision: Literal["fp32", "bf16"] = "fp32") -> Encoder:
    """A copy of ``encoder`` in ``eval()`` and channels-last whose features are the same but for rounding. On two cores
    EfficientNet-Lite0 becomes twice as fast.

    precision: "bf16" for passes under autocast, which casts the weights for every batch anew unless they learn.
    ``encoder`` itself, unchanged, where nothing can be folded, where folding would change what it computes, or where
    that cannot be tried.
    """
    pairs = list(_pairs(encoder))
    if not pairs:
        return encoder
    copy = deepcopy(encoder).eval().requires_grad_(False)
    tried = torch.linspace(-2, 2, 3 * _TRIED_PX**2).view(1, 3, _TRIED_PX, _TRIED_PX).to(next(encoder.parameters()))
    try:
        with torch.inference_mode():
            expected = copy(tried)
    except (RuntimeError, AssertionError, ValueError):  # a few of timm's networks are made for one size alone
        return encoder
    for conv, norm in pairs:
        copy.set_submodule(conv, plain(fuse_conv_bn_eval(copy.get_submodule(conv), copy.get_submodule(norm))))  # type: ignore[type-var]
        _only_activates(copy, norm)
    with torch.inference_mode():
        same = torch.allclose(copy(tried), expected, rtol=_CLOSE, atol=_CLOSE)
    if not same:
        return encoder
    for part in copy.modules():
        if precision == "bf16" and isinstance(part, nn.Conv2d | nn.Linear):  # what autocast computes in bf16
            part.to(torch.bfloat16)
    return copy.to(memory_format=torch.channels_last)


class FoldedTraining:
    """What ``encoder`` makes of images while it learns: each BatchNorm whose statistics stay as they are is folded anew
    at every step, and both layers get their gradients through the weights that they come to together.

    The encoder keeps its parameters and their names. It is called itself in evaluation, and where nothing can be
    folded. A step saves a pass over each map forward and two backward, and need not keep the map for them.
    """

    def __init__(self, encoder: nn.Module) -> None:
        self._encoder = encoder
        self._pairs: list[_Pair] | None = None  # only at the first step it is clear what learns
        self._own = self._folded = _Features(encoder)

    def __call__(self, given: Float[Tensor, "n ..."], cut: str | None = None) -> Float[Tensor, "_ d"]:
        """Features of normalised images, or of what the stage ``cut`` made of them (``Encoder.after``)."""
        if not (self._encoder.training and torch.is_grad_enabled()):
            return self._own(given, cut)
        if self._pairs is None:
            self._pairs = self._fold()
        return functional_call(self._folded, self._weights(), (given, cut)) if self._pairs else self._own(given, cut)

    def _fold(self) -> list[_Pair]:
        """What can be folded; if anything, the network for it, without storage: each step gives it its weights."""
        pairs = [pair for pair in _pairs(self._encoder) if _learns_folded(self._encoder, *pair)]
        if not pairs:
            return []
        assert isinstance(self._encoder, Encoder)
        if folded(self._encoder) is self._encoder:
            return []
        copy = deepcopy(self._encoder)
        for conv, norm in pairs:
            copy.get_submodule(conv).bias = nn.Parameter(torch.empty(0))
            _only_activates(copy, norm)
        self._folded = _Features(copy.to("meta"))
        return pairs

    def _weights(self) -> dict[str, Tensor]:
        """The tensors of this step, by their names in the folded network."""
        tensors = dict(chain(self._encoder.named_parameters(), self._encoder.named_buffers()))
        for conv, norm in self._pairs or []:
            part: Any = self._encoder.get_submodule(norm)
            scale = part.weight * (part.running_var + part.eps).rsqrt()
            offset = tensors.get(f"{conv}.bias", 0) - part.running_mean
            tensors[f"{conv}.weight"] = tensors[f"{conv}.weight"] * scale.view(-1, 1, 1, 1)
            tensors[f"{conv}.bias"] = part.bias + offset * scale
            for name in part.state_dict():
                del tensors[f"{norm}.{name}"]
        return {f"net.{name}": tensor for name, tensor in tensors.items()}


class _Features(nn.Module):
    """An encoder, or the rest of it behind a stage, as one forward pass: that can be called with other weights."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, given: Float[Tensor, "n ..."], cut: str | None) -> Float[Tensor, "_ d"]:
        if cut is None:
            return self.net(given)
        assert isinstance(self.net, Encoder)
        return self.net.after(cut, given)


def _pairs(net: nn.Module) -> Iterator[_Pair]:
    """The convolutions that stand before a BatchNorm among the children of one module, each with it."""
    for path, parent in net.named_modules():
        prefix = f"{path}." if path else ""
        before, channels = "", 0
        for name, part in parent.named_children():
            if before and isinstance(part, nn.BatchNorm2d) and part.num_features == channels:
                yield prefix + before, prefix + name
            before, channels = (name, part.out_channels) if isinstance(part, nn.Conv2d) else ("", 0)


def _learns_folded(encoder: nn.Module, conv: str, norm: str) -> bool:
    """Whether the BatchNorm keeps its statistics, and the convolution takes a bias."""
    part, convolution = encoder.get_submodule(norm), encoder.get_submodule(conv)
    assert isinstance(part, nn.BatchNorm2d)
    assert isinstance(convolution, nn.Conv2d)
    keeps = not part.training and part.affine and part.track_running_stats
    return keeps and plain(convolution) is convolution


def _only_activates(net: nn.Module, norm: str) -> None:
    """Put in the place of a BatchNorm what is left of it: timm's normalisation activates too."""
    net.set_submodule(norm, getattr(net.get_submodule(norm), "act", nn.Identity()))
