"""Depthwise convolutions that learn in fp32, on a processor.

Under bf16 autocast PyTorch's gradient of a depthwise convolution takes ten times as long as in fp32: two thirds of a
step of EfficientNet-Lite0's last stage at 224 px (torch 2.14, Zen 4). The rest of the step is faster in bf16.
"""

from typing import Any

import torch
from jaxtyping import Float
from timm.layers.conv2d_same import Conv2dSame
from torch import Tensor, nn


class _LearnsInFp32(nn.Conv2d):
    def forward(self, input: Float[Tensor, "n c h w"]) -> Float[Tensor, "n out h_out w_out"]:
        """The convolution, in autocast's number format."""
        if input.device.type != "cpu" or not torch.is_autocast_enabled("cpu") or not torch.is_grad_enabled():
            return super().forward(input)
        with torch.autocast("cpu", enabled=False):
            return super().forward(input.float()).to(torch.get_autocast_dtype("cpu"))


class DepthwiseConv2d(_LearnsInFp32):
    """PyTorch's convolution, one filter a map. The same parameters."""


class DepthwiseConv2dSame(_LearnsInFp32, Conv2dSame):
    """timm's convolution that pads as TensorFlow does, one filter a map. The same parameters."""


_OWN: dict[type[Any], type[Any]] = {nn.Conv2d: DepthwiseConv2d, Conv2dSame: DepthwiseConv2dSame}


def fast_class(part: nn.Conv2d) -> type[nn.Conv2d] | None:
    """The class that can do what ``part`` does, or None."""
    return _OWN.get(type(part)) if part.groups == part.in_channels > 1 else None
