import timm
import torch
from timm.layers.conv2d_same import Conv2dSame
from torch import Tensor, nn

from sealife_core.models.fast_convolutions.depthwise import DepthwiseConv2d, DepthwiseConv2dSame
from sealife_core.models.fast_convolutions.take_over import DEPTHWISE, take_over


def gradients(layer: nn.Conv2d, images: Tensor) -> list[Tensor]:
    layer.zero_grad()
    given = images.clone().requires_grad_()
    found = layer(given)
    (found.float() * torch.linspace(-1, 1, found.numel()).view_as(found)).sum().backward()
    assert given.grad is not None
    assert layer.weight.grad is not None
    return [given.grad, layer.weight.grad.clone()]


def test_depthwise__has_the_gradient_of_fp32_under_autocast_and_gives_bf16() -> None:
    torch.manual_seed(0)
    for kind, own in ((nn.Conv2d, DepthwiseConv2d), (Conv2dSame, DepthwiseConv2dSame)):
        layer, images = kind(8, 8, 5, stride=2, groups=8, padding=0, bias=False), torch.randn(2, 8, 15, 15)
        expected = gradients(layer, images)
        take_over(layer, [DEPTHWISE])
        assert type(layer) is own
        torch.testing.assert_close(gradients(layer, images), expected)
        with torch.autocast("cpu", torch.bfloat16):
            assert layer(images).dtype == torch.bfloat16
            for ours, theirs in zip(gradients(layer, images), expected, strict=True):
                assert (ours - theirs).norm() < 0.01 * theirs.norm(), "the slope comes in bf16, the rest is fp32"


def test_depthwise__without_gradients_is_the_convolution_it_was() -> None:
    torch.manual_seed(0)
    layer, images = nn.Conv2d(8, 8, 3, groups=8), torch.randn(2, 8, 9, 9)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        expected = layer(images)
        take_over(layer, [DEPTHWISE])
        assert torch.equal(layer(images), expected)


def test_take_over__changes_every_depthwise_convolution_of_a_network_and_no_other() -> None:
    net = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=0)
    names = list(net.state_dict())
    take_over(net, [DEPTHWISE])
    assert list(net.state_dict()) == names
    for part in net.modules():
        if isinstance(part, nn.Conv2d):
            assert isinstance(part, DepthwiseConv2d | DepthwiseConv2dSame) == (part.groups > 1)
