"""Weights of a file in every layout that is about, and a sentence for everything that is not weights."""

import os
import pickle
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from lightly.models import ResNetGenerator
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision.models import get_model

from sealife_core.errors import WeightsError
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.tensor_files import read_tensors
from sealife_core.models.weights import load_weights
from tests.finished.models import fresh_encoder
from tests.models.loading import carries, hollow, refused, untouched

IMAGES = torch.rand(2, 3, 32, 32)


def prefixed(prefix: str) -> Callable[[dict[str, Tensor]], Any]:
    return lambda tensors: {prefix + name: tensor for name, tensor in tensors.items()}


LAYOUTS: dict[str, Callable[[dict[str, Tensor]], Any]] = {
    "torchvision": lambda tensors: tensors,
    "encoder": prefixed("encoder."),
    "parallel": prefixed("module."),
    "nested prefixes": prefixed("module.model.backbone."),
    "Lightning": lambda tensors: {
        "epoch": 3, "state_dict": prefixed("model.")(tensors), "optimizer_states": [{"state": {}}], "loops": {},
    },
    "training loop": lambda tensors: {"model": tensors, "optimizer": {"state": {0: {"momentum": torch.ones(3)}}}},
    "MoCo": lambda tensors: {
        "state_dict": {f"module.encoder_k.{name}": torch.zeros_like(t) for name, t in tensors.items()}
        | prefixed("module.encoder_q.")(tensors)
    },
    "BYOL in lightly": lambda tensors: {f"backbone_momentum.{name}": torch.zeros_like(t) for name, t in tensors.items()}
    | prefixed("backbone.")(tensors),
    "before torch 0.4.1": lambda tensors: {n: t for n, t in tensors.items() if not n.endswith("num_batches_tracked")},
    "parameters": lambda tensors: {n: nn.Parameter(t) if t.is_floating_point() else t for n, t in tensors.items()},
}  # fmt: skip


@pytest.mark.parametrize(("layout", "suffix"), [(layout, ".pt") for layout in LAYOUTS] + [("torchvision", ".ckpt")])
def test_file__is_read_whatever_stands_around_the_weights(layout: str, suffix: str, tmp_path: Path):
    tensors = hollow("resnet18")
    torch.save(LAYOUTS[layout](tensors), tmp_path / f"weights{suffix}")
    encoder = fresh_encoder()
    said = load_weights(encoder, f"file:{tmp_path / f'weights{suffix}'}")
    assert carries(encoder, tensors)
    assert str(tmp_path) in said


def test_file__says_what_it_left_out(tmp_path: Path):
    torch.save(hollow("resnet18"), tmp_path / "weights.pt")
    assert "without 2 tensors" in load_weights(fresh_encoder(), f"file:{tmp_path / 'weights.pt'}")


def test_file__as_safetensors(tmp_path: Path):
    tensors = {name: tensor.contiguous() for name, tensor in hollow("resnet18").items()}
    save_file(tensors, tmp_path / "weights.safetensors")
    encoder = fresh_encoder()
    load_weights(encoder, f"file:{tmp_path / 'weights.safetensors'}")
    assert carries(encoder, tensors)


def test_file__below_the_users_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    torch.save(hollow("resnet18"), tmp_path / "weights.pt")
    assert "starts from the file" in load_weights(fresh_encoder(), "file:~/weights.pt")


def test_file__of_numbered_torchvision_children(tmp_path: Path):
    """As lightly's examples wrap it: nn.Sequential(*list(resnet.children())[:-1])."""
    net = get_model("resnet18", weights=None).eval()
    backbone = nn.Sequential(*list(net.children())[:-1])
    torch.save(
        nn.ModuleDict({"backbone": backbone, "projection_head": nn.Linear(4, 4)}).state_dict(), tmp_path / "w.pt"
    )
    encoder = fresh_encoder().eval()
    load_weights(encoder, f"file:{tmp_path / 'w.pt'}")
    torch.testing.assert_close(encoder(IMAGES), backbone(IMAGES).flatten(1))


@pytest.mark.parametrize(
    ("theirs", "ours", "numbered"),
    [("resnet-18", "resnet18", False), ("resnet-18", "resnet18", True), ("resnet-50", "resnet50", False)],
)
def test_file__of_lightlys_own_network(theirs: str, ours: str, numbered: bool, tmp_path: Path):
    net = ResNetGenerator(theirs).eval()
    backbone = nn.Sequential(*list(net.children())[:-1]) if numbered else net
    torch.save({"state_dict": prefixed("backbone.")(backbone.state_dict())}, tmp_path / "w.ckpt")
    encoder = build_encoder(ours, "small").eval()
    load_weights(encoder, f"file:{tmp_path / 'w.ckpt'}")
    net.linear = nn.Identity()  # type: ignore[assignment]
    torch.testing.assert_close(encoder(IMAGES), net(IMAGES), rtol=1e-4, atol=1e-4)


class Evil:
    """What a pickle can do to whoever opens it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("how", ["torch", "old torch", "pickle", "whole module"])
def test_file__with_code_is_refused_and_not_run(how: str, tmp_path: Path):
    trace, path = tmp_path / "it ran", tmp_path / "weights.pt"
    if how == "pickle":
        path.write_bytes(pickle.dumps({"state_dict": Evil(trace)}))
    else:
        content = nn.Linear(2, 2) if how == "whole module" else {"state_dict": Evil(trace)}
        torch.save(content, path, _use_new_zipfile_serialization=how != "old torch")
    text = refused(untouched("resnet18"), f"file:{path}")
    assert "contains Python code" in text
    assert "was not run" in text
    assert not trace.exists()


def written(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


NOT_CHECKPOINTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, "There is no file"),
    "empty": (written(b""), "not a PyTorch checkpoint"),
    "text": (written(b"hello, this is no checkpoint\n" * 20), "not a PyTorch checkpoint"),
    "picture": (written(b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8), "not a PyTorch checkpoint"),
    "numbers": (lambda path: torch.save([1, 2, 3], path), "no named tensors"),
    "one tensor": (lambda path: torch.save(torch.ones(3), path), "no named tensors"),
    "another network": (lambda path: torch.save(nn.Linear(2, 2).state_dict(), path), "holds no ResNet"),
    "folder": (lambda path: path.mkdir(), "There is no file"),
}


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("case", NOT_CHECKPOINTS)
def test_file__that_is_no_checkpoint(case: str, suffix: str, tmp_path: Path):
    write, says = NOT_CHECKPOINTS[case]
    path = tmp_path / f"weights{suffix}"
    write(path)
    if suffix == ".safetensors" and case not in ("missing", "folder"):
        says = "is damaged or is not a safetensors file"
    text = refused(untouched("resnet18"), f"file:{path}")
    assert says in text
    assert str(path) in text


@settings(max_examples=150, deadline=None, derandomize=True)
@given(content=st.one_of(st.binary(max_size=400), st.binary(max_size=200).map(lambda b: b"\x80\x02" + b)))
def test_read_tensors__takes_any_bytes_calmly(content: bytes, tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.getbasetemp() / "any.pt"
    path.write_bytes(content)
    with pytest.raises(WeightsError):
        read_tensors(path)


@pytest.mark.parametrize("zipped", [True, False])
def test_file__cut_short_anywhere(zipped: bool, tmp_path: Path):
    path = tmp_path / "weights.pt"
    torch.save({"conv1.weight": torch.ones(64, 3, 7, 7)}, path, _use_new_zipfile_serialization=zipped)
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, max(1, len(whole) // 40)):
        path.write_bytes(whole[:length])
        with pytest.raises(WeightsError):
            read_tensors(path)


@pytest.mark.parametrize(
    ("theirs", "ours", "says"),
    [
        ("resnet34", "resnet18", "holds a resnet34, but this run uses a resnet18. Set the encoder to resnet34"),
        ("resnet50", "resnet34", "Set the encoder to resnet50"),
        (
            "resnet101",
            "resnet50",
            "holds a resnet101, but this run uses a resnet50. Choose the weights of a resnet50",
        ),
        ("wide_resnet50_2", "resnet50", "shape (128, 64, 1, 1)"),
        ("vgg11", "resnet18", "holds no ResNet"),
    ],
)
def test_file__of_another_architecture_names_it(theirs: str, ours: str, says: str, tmp_path: Path):
    torch.save(hollow(theirs), tmp_path / "w.pt")
    assert says in refused(untouched(ours), f"file:{tmp_path / 'w.pt'}")


def test_file__of_the_other_stem(tmp_path: Path):
    torch.save(fresh_encoder(stem="small").state_dict(), tmp_path / "w.pt")
    text = refused(untouched("resnet18", "imagenet"), f"file:{tmp_path / 'w.pt'}")
    assert "made with the 'small' stem, but this run uses 'imagenet'. Set the stem to 'small'" in text


def test_file__with_a_tensor_missing(tmp_path: Path):
    tensors = hollow("resnet18")
    del tensors["layer3.0.bn1.running_mean"]
    torch.save(tensors, tmp_path / "w.pt")
    text = refused(untouched("resnet18"), f"file:{tmp_path / 'w.pt'}")
    assert "lacks tensor 'layer3.0.bn1.running_mean'" in text


def test_file__with_numbers_that_are_not_finite(tmp_path: Path):
    tensors = hollow("resnet18")
    tensors["layer4.1.conv2.weight"] = tensors["layer4.1.conv2.weight"].clone()
    tensors["layer4.1.conv2.weight"][0, 0, 0, 0] = float("nan")
    torch.save(tensors, tmp_path / "w.pt")
    assert "NaN or infinite numbers ('layer4.1.conv2.weight')" in refused(
        untouched("resnet18"), f"file:{tmp_path / 'w.pt'}"
    )


def test_file__of_numbers_that_are_no_weights(tmp_path: Path):
    whole, path, name = hollow("resnet18"), tmp_path / "w.pt", "layer4.1.bn2.weight"
    odd: dict[str, Callable[[Tensor], Tensor]] = {
        "int8 numbers": lambda t: t.to(torch.int8),
        "bool numbers": lambda t: t > 0,
        "complex64 numbers": lambda t: t.to(torch.complex64),
        "on the meta device": lambda t: t.to("meta"),
        "sparse": lambda t: t.to_sparse(),
    }
    encoder = fresh_encoder()
    for says, change in odd.items():
        torch.save(whole | {name: change(whole[name])}, path)
        text = refused(encoder, f"file:{path}")
        assert f"holds '{name}'" in text
        assert says in text
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch will drop quantised tensors one day
        torch.save(whole | {name: torch.quantize_per_tensor(whole[name], 0.1, 0, torch.qint8)}, path)
        assert "quantised" in refused(encoder, f"file:{path}")
    whole = {each: tensor.contiguous() for each, tensor in whole.items()}
    save_file(whole | {name: whole[name].to(torch.int8)}, tmp_path / "w.safetensors")
    assert "int8 numbers" in refused(encoder, f"file:{tmp_path / 'w.safetensors'}")
    torch.save(whole | {name: whole[name].to(torch.float8_e4m3fn)}, path)
    assert "starts from the file" in load_weights(encoder, f"file:{path}")


def test_read_tensors__nested_in_itself_or_deeply(tmp_path: Path):
    state: dict[str, Any] = {"conv1.weight": torch.ones(1)}
    state["itself"] = state
    torch.save(state, tmp_path / "itself.pt")
    assert list(read_tensors(tmp_path / "itself.pt")) == ["conv1.weight"]
    # 20,000 dictionaries, one in the other, as protocol 2 writes them.
    deep = b"\x80\x02" + b"}X\x01\x00\x00\x00a" * 20_000 + b"}" + b"s" * 20_000 + b"."
    with zipfile.ZipFile(tmp_path / "deep.pt", "w") as archive:
        for entry, data in {"data.pkl": deep, "version": b"3", "byteorder": b"little"}.items():
            archive.writestr(f"deep/{entry}", data)
    with pytest.raises(WeightsError, match="no named tensors"):
        read_tensors(tmp_path / "deep.pt")


def test_read_tensors__a_bomb_is_not_unpacked(tmp_path: Path):
    torch.save({"a": torch.ones(3)}, tmp_path / "small.pt")
    with (
        zipfile.ZipFile(tmp_path / "small.pt") as small,
        zipfile.ZipFile(tmp_path / "w.pt", "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for entry in small.infolist():
            bomb.writestr(entry.filename, small.read(entry))
        bomb.writestr("archive/data/1", bytes(80 * 2**20))
    with pytest.raises(WeightsError, match="unpacks to far more than its own size"):
        read_tensors(tmp_path / "w.pt")
