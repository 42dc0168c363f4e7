"""Pictures with large forms, fine texture and moderate colours, as photographs have, from a seed."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import interpolate


def smooth_pictures(n: int, size: int, seed: int = 0) -> Tensor:
    """(n, size, size, 3) uint8."""
    generator = torch.Generator().manual_seed(seed)
    forms, texture = (torch.rand(n, 3, cells, cells, generator=generator) for cells in (5, 32))
    mixed = 0.8 * interpolate(forms, size=size, mode="bicubic") + 0.2 * interpolate(texture, size=size, mode="bicubic")
    return (mixed.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).contiguous()


@pytest.fixture(scope="session")
def pictures() -> Tensor:
    """(12, 96, 96, 3) uint8."""
    return smooth_pictures(12, 96)
