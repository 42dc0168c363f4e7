"""The 1 × 1 convolution as a product of matrices against PyTorch's own, forwards and backwards."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from sealife_core.models.fast_convolutions.pointwise import PointwiseConv2d
from sealife_core.models.fast_convolutions.take_over import POINTWISE, take_over


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("side", [1, 4, 7])
def test_pointwise__convolves_and_learns_as_pytorchs_own(side: int, stride: int, layout: torch.memory_format) -> None:
    torch.manual_seed(side)
    net = nn.Conv2d(5, 9, 1, stride, bias=False)
    weight = net.weight.detach().double().requires_grad_()
    take_over(net, [POINTWISE])
    assert type(net) is PointwiseConv2d
    x = torch.randn(3, 5, side, side).contiguous(memory_format=layout).requires_grad_()
    wide = x.detach().double().requires_grad_()
    expected, got = functional.conv2d(wide, weight, stride=stride), net(x)
    pull = torch.randn(expected.shape)
    expected.backward(pull.double())
    got.backward(pull)
    for mine, theirs in ((got, expected), (x.grad, wide.grad), (net.weight.grad, weight.grad)):
        assert theirs is not None
        torch.testing.assert_close(mine, theirs.float(), rtol=1e-5, atol=1e-5)


def test_pointwise__keeps_channels_last() -> None:
    net = nn.Sequential(nn.Conv2d(8, 16, 1, 2, bias=False))
    take_over(net, [POINTWISE])
    maps = torch.randn(2, 8, 6, 6).contiguous(memory_format=torch.channels_last)
    assert net(maps).is_contiguous(memory_format=torch.channels_last)


def test_pointwise__leaves_mixed_precision_and_other_convolutions_to_pytorch() -> None:
    net = nn.Sequential(nn.Conv2d(4, 4, 1, bias=False), nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1, groups=2, bias=False))
    take_over(net, [POINTWISE])
    assert [type(part) for part in net] == [PointwiseConv2d, nn.Conv2d, nn.Conv2d]
    with torch.autocast("cpu", torch.bfloat16):
        assert net[:1](torch.randn(1, 4, 3, 3)).dtype == torch.bfloat16
