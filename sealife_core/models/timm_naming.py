"""Tells which tensors of a file are those of a network of timm: under timm's names, or under their authors' own."""

import re
import sys
from collections.abc import Mapping
from itertools import accumulate

from torch import Tensor, nn

from sealife_core.models.facts import TIMM_PREFIX
from sealife_core.models.timm_encoder import TimmEncoder

# Blocks of each stage of EfficientNet-Lite0; its authors' port to PyTorch counts them through.
_LITE0_BLOCKS = (1, 2, 2, 3, 3, 4, 1)
_LITE0_OUTSIDE = {
    "_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier",
}  # fmt: skip
_LITE0_FIRST = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
_LITE0_INSIDE = {
    "_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2", "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}  # fmt: skip


def timm_named(tensors: Mapping[str, Tensor], encoder: TimmEncoder) -> tuple[dict[str, Tensor], list[str]]:
    """The tensors of ``encoder`` among ``tensors``, under its own names, and the names of all others.

    Any prefix is stripped; the authors' names are brought to timm's as timm itself does.
    """
    expected = {name.removeprefix(TIMM_PREFIX): tensor for name, tensor in encoder.state_dict().items()}
    given = _without_prefix(tensors, expected)
    if any(name not in given or given[name].shape != tensor.shape for name, tensor in expected.items()):
        given = _authors_named(given, encoder.net)
    found = {TIMM_PREFIX + name: tensor for name, tensor in given.items() if name in expected}
    return found, [name for name in given if name not in expected]


def unlike_timm(found: Mapping[str, Tensor], encoder: TimmEncoder) -> str | None:
    """Why tensors ``found`` are not those of ``encoder``, and what to do; None if they are. Shapes: ``weights.py``."""
    choose = f"Choose the weights of a {encoder.name}."
    expected = encoder.state_dict()
    missing = [name for name in expected if name not in found]
    if len(missing) == len(expected):
        return f"holds no {encoder.name}. {choose}"
    if missing:
        return f"lacks tensor '{missing[0].removeprefix(TIMM_PREFIX)}' of a {encoder.name}. {choose}"
    return None


def lite0_named(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of EfficientNet-Lite0 under timm's names; ``_blocks.3._bn1.bias`` becomes ``blocks.2.0.bn2.bias``."""
    starts = [0, *accumulate(_LITE0_BLOCKS)]
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if block := re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(.+)", name):
            number = int(block[1])
            stage = max(k for k, start in enumerate(starts) if start <= number)
            part = (_LITE0_INSIDE if number else _LITE0_FIRST).get(block[2], block[2])
            found[f"blocks.{stage}.{number - starts[stage]}.{part}.{block[3]}"] = tensor
        else:
            part, _, rest = name.partition(".")
            found[f"{_LITE0_OUTSIDE.get(part, part)}.{rest}"] = tensor
    return found


def _without_prefix(tensors: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """``tensors`` without what stands before the names of the network that lies deepest in them."""
    marker = next(iter(expected))
    prefixes = [name.removesuffix(marker) for name in tensors if name == marker or name.endswith(f".{marker}")]
    prefix = min(prefixes, key=len, default="")
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}


def _authors_named(tensors: dict[str, Tensor], net: nn.Module) -> dict[str, Tensor]:
    if "_conv_stem.weight" in tensors:
        return lite0_named(tensors)
    timms = getattr(sys.modules[type(net).__module__], "checkpoint_filter_fn", None)
    try:
        return timms(dict(tensors), net) if timms else tensors
    except (KeyError, RuntimeError, ValueError, AttributeError, IndexError):  # of another network
        return tensors
