"""The one door: which convolutions of a network are taken over, and that what they compute and learn stays the same."""

import inspect
from copy import deepcopy

import pytest
import torch
from timm.layers.conv2d_same import Conv2dSame
from torch import Tensor, nn

from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.encoders import Encoder
from sealife_core.models.fast_convolutions import take_over as door
from sealife_core.models.fast_convolutions.depthwise import DepthwiseConv2d, DepthwiseConv2dSame
from sealife_core.models.fast_convolutions.pointwise import PointwiseConv2d
from sealife_core.models.fast_convolutions.take_over import is_faster, kinds_for, plain, take_over
from sealife_core.models.fast_convolutions.winograd import WinogradConv2d
from tests.finished.models import fresh_encoder

OWN = (WinogradConv2d, PointwiseConv2d, DepthwiseConv2d, DepthwiseConv2dSame)
BF16 = {"resnet18": "fp32", "resnet50": "fp32", "tf_efficientnet_lite0": "bf16"}


def taken(name: str) -> Encoder:
    torch.manual_seed(0)
    encoder = build_encoder(name).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    take_over(encoder, kinds_for(encoder, BF16[name]))
    return encoder


def learned(net: nn.Module, maps: Tensor, *, bf16: bool) -> list[Tensor]:
    """What a layer gives, and the gradients of its maps and weights."""
    maps = maps.clone().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        found = net(maps)
    (found.float() * torch.linspace(-1, 1, found.numel()).view_as(found)).sum().backward()
    assert maps.grad is not None
    return [found, maps.grad, *(p.grad for p in net.parameters() if p.grad is not None)]


@pytest.mark.parametrize("kind", [door.WINOGRAD, door.POINTWISE, door.DEPTHWISE])
def test_take_over__gives_and_learns_what_pytorchs_own_does(kind: str) -> None:
    options, (_, *shape) = door._TYPICAL[kind]
    torch.manual_seed(0)
    own = nn.Sequential(nn.Conv2d(shape[0], bias=False, **options))
    maps, fast, bf16 = torch.randn(16, *shape), deepcopy(own), kind == door.DEPTHWISE
    take_over(fast, [kind])
    assert isinstance(fast[0], OWN)
    expected, found = learned(own.double(), maps.double(), bf16=False), learned(fast, maps, bf16=bf16)
    assert len(found) == len(expected) == 3
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours - theirs).norm() < (0.01 if bf16 else 1e-5) * theirs.norm()


@pytest.mark.parametrize(
    ("name", "counts"),
    [("resnet18", (11, 3, 0, 0)), ("resnet50", (13, 36, 0, 0)), ("tf_efficientnet_lite0", (0, 0, 12, 4))],
)
def test_take_over__changes_the_convolutions_of_an_encoder_and_no_parameter(name: str, counts: tuple[int, ...]) -> None:
    encoder = taken(name)
    torch.manual_seed(0)
    before = build_encoder(name).state_dict()
    assert tuple(sum(type(part) is own for part in encoder.modules()) for own in OWN) == counts
    assert list(encoder.state_dict()) == list(before)
    assert all(torch.equal(value, before[key]) for key, value in encoder.state_dict().items())


def test_kinds__are_those_that_do_something_in_the_number_format() -> None:
    assert kinds_for(fresh_encoder(), "bf16") == ()
    assert kinds_for(build_encoder("tf_efficientnet_lite0"), "fp32") == ()


@pytest.mark.parametrize(
    ("base", "own"), [(nn.Conv2d, WinogradConv2d), (nn.Conv2d, PointwiseConv2d), (nn.Conv2d, DepthwiseConv2d),
                      (Conv2dSame, DepthwiseConv2dSame)]
)  # fmt: skip
def test_classes__that_are_taken_over_have_the_shape_that_is_counted_on(
    base: type[nn.Conv2d], own: type[nn.Conv2d]
) -> None:
    """A layer changes its class and nothing else: the class of before must hold no more than is known here."""
    layer = base(4, 4, 3, groups=2)
    plain_module = set(vars(nn.Module()))
    assert set(vars(layer)) - plain_module == {
        "in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "transposed", "output_padding",
        "groups", "padding_mode", "_reversed_padding_repeated_twice",
    }  # fmt: skip
    assert set(layer._parameters) == {"weight", "bias"}
    assert not layer._buffers
    for kind in (base, own):
        (_, given) = inspect.signature(kind.forward).parameters
        assert given in ("input", "x"), "one tensor comes in"
    assert issubclass(own, base)
    assert nn.Conv2d in base.__mro__[:2]
    assert "__slots__" not in vars(base) | vars(own)


def test_plain__gives_back_pytorchs_own_with_the_same_parameters() -> None:
    encoder = taken("resnet50")
    convolutions = [part for part in encoder.modules() if isinstance(part, WinogradConv2d | PointwiseConv2d)]
    assert len(convolutions) == 49
    for part in convolutions:
        assert type(plain(part)) is nn.Conv2d
        assert plain(part).weight is part.weight
    own = nn.Conv2d(3, 3, 1)
    assert plain(own) is own


def test_is_faster__compares_times_and_draws_no_random_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for times, expected in (([1.0, 1.05], False), ([1.0, 2.0], True)):  # of the fast one, of PyTorch's own
        left = iter(times)
        monkeypatch.setattr(door, "learning_s", lambda net, maps, left=left: next(left))
        state = torch.get_rng_state()
        assert is_faster(door.WINOGRAD) is expected
        assert torch.equal(state, torch.get_rng_state())
