"""The quick convolution against PyTorch's own, forwards and backwards."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from sealife_core.models.fast_convolutions.take_over import WINOGRAD, take_over
from sealife_core.models.fast_convolutions.winograd import FEWEST_TILES, Tiling, WinogradConv2d, _transforms, _Winograd

SIDES = (2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 28)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("side", SIDES)
def test_winograd__convolves_and_learns_as_pytorchs_own_convolution(side: int, stride: int) -> None:
    generator = torch.Generator().manual_seed(side)
    x = torch.randn(3, 5, side, side, generator=generator).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(7, 5, 3, 3, generator=generator).contiguous(memory_format=torch.channels_last)
    expected_x, expected_weight = x.double().requires_grad_(), weight.double().requires_grad_()
    expected = functional.conv2d(expected_x, expected_weight, stride=stride, padding=1)
    x.requires_grad_()
    weight.requires_grad_()
    got = _Winograd.apply(x, weight, Tiling.of(side, stride))
    assert isinstance(got, torch.Tensor)
    pull = torch.randn(expected.shape, generator=generator)
    expected.backward(pull.double())
    got.backward(pull)
    assert x.grad is not None
    assert weight.grad is not None
    assert expected_x.grad is not None
    assert expected_weight.grad is not None
    pairs = (got.detach(), expected.detach()), (x.grad, expected_x.grad), (weight.grad, expected_weight.grad)
    for mine, theirs in pairs:
        assert mine.shape == theirs.shape
        assert float((mine - theirs).abs().max() / theirs.abs().max()) < 1e-4


@pytest.mark.parametrize(("stride", "share"), [(1, 1 / 2), (2, 4 / 5)])
def test_winograd__takes_fewer_products_wherever_it_is_used(stride: int, share: float) -> None:
    plans = [plan for side in SIDES if (plan := Tiling.of(side, stride)).pays]
    assert len(plans) > len(SIDES) / 2
    for plan in plans:
        products = plan.tiles**2 * len(_transforms(plan)[1])
        assert products < share * (3 * plan.out) ** 2, plan


def test_take_over__keeps_weights_names_and_the_direct_way_for_what_it_does_not_serve() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(128, 128, 3, padding=1, bias=False), nn.Conv2d(128, 8, 3, padding=1, bias=False))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    images = torch.randn(FEWEST_TILES, 128, 4, 4)
    expected = net(images)
    take_over(net, [WINOGRAD])
    assert [type(part) for part in net] == [WinogradConv2d, nn.Conv2d]
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    torch.testing.assert_close(net(images), expected, rtol=1e-4, atol=1e-5)
    one = images[:1]
    assert torch.equal(net[0](one), functional.conv2d(one, before["0.weight"], padding=1)), "one image: the direct way"
    with torch.autocast("cpu", torch.bfloat16):
        assert net[0](images).dtype == torch.bfloat16
