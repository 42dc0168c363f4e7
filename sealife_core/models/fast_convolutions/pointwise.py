"""1 × 1 convolutions as one product of matrices, on a processor.

A 1 × 1 convolution *is* a matrix product over the numbers of all maps of the batch. PyTorch's convolution does it image
by image, for which the deep layers of a ResNet50, thousands of channels on a few numbers, are the worst case. A step of
a ResNet50 becomes about a tenth quicker (benchmarks/training/speed.py).
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class PointwiseConv2d(nn.Conv2d):
    """A 1 × 1 convolution without padding or bias. The same parameters and, to rounding, the same values."""

    def forward(self, input: Float[Tensor, "n c h w"]) -> Float[Tensor, "n out h_out w_out"]:
        """The convolution of the maps."""
        if input.device.type != "cpu" or input.dtype != torch.float32 or torch.is_autocast_enabled("cpu"):
            return super().forward(input)
        down, across = self.stride
        numbers = input[:, :, ::down, ::across].permute(0, 2, 3, 1)  # channels last: no copy of what lies so in memory
        return functional.linear(numbers, self.weight.flatten(1)).permute(0, 3, 1, 2)


def fast_class(part: nn.Conv2d) -> type[nn.Conv2d] | None:
    """The class that can do what ``part`` does, or None."""
    kind = part.kernel_size, part.padding, part.groups, part.bias, part.padding_mode
    same = type(part) is nn.Conv2d and kind == ((1, 1), (0, 0), 1, None, "zeros")
    return PointwiseConv2d if same else None
