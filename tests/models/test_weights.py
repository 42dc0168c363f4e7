"""Weights that are random, ImageNet's or those of a run, and a sentence for each that cannot be had."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save_file
from torchvision.models import get_model_weights

from sealife_core.errors import WeightsError
from sealife_core.models import weights as under_test
from sealife_core.models.checkpoint import ModelCard, save_model
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.encoders import Encoder
from sealife_core.models.heads import classification_head
from sealife_core.models.weights import load_weights, source_card
from tests.finished.models import NETWORK, fresh_encoder
from tests.models.loading import carries, hollow, refused, untouched

RESNET18_FILE = get_model_weights("resnet18")["DEFAULT"].url.rpartition("/")[2]


@pytest.fixture
def torch_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that torchvision keeps weights in, empty, below a TORCH_HOME of its own; no internet."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)

    def offline(address: str, timeout: float) -> None:
        assert timeout <= 30
        raise URLError("Name or service not known")

    monkeypatch.setattr(under_test, "urlopen", offline)
    return tmp_path / "torch" / "hub" / "checkpoints"


# ---------------------------------------------------------------------------------------------------- random, ImageNet


def test_random__leaves_the_encoder_as_built():
    encoder = fresh_encoder()
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    assert "random" in load_weights(encoder, "random")
    assert carries(encoder, before)


@pytest.mark.parametrize("spec", ["", "Random", "file:", "hub:x"])
def test_load_weights__names_what_may_be_asked_for(spec: str, home: Path):
    assert refused(untouched("resnet18"), spec).endswith("Expected 'random', 'imagenet', 'run:ID' or 'file:PATH'.")
    assert refused(untouched("resnet18"), "run:").startswith("There is no run '' to start from")


def test_imagenet__is_taken_from_the_file_that_is_there(torch_home: Path):
    tensors = hollow("resnet18")
    torch_home.mkdir(parents=True)
    torch.save(tensors, torch_home / RESNET18_FILE)
    encoder = fresh_encoder()
    assert str(torch_home / RESNET18_FILE) in load_weights(encoder, "imagenet")
    assert carries(encoder, tensors)


def test_imagenet__takes_an_older_version_if_that_is_there(torch_home: Path):
    first, second = (get_model_weights("resnet50")[f"IMAGENET1K_V{version}"] for version in (1, 2))
    assert get_model_weights("resnet50")["DEFAULT"] is second
    torch_home.mkdir(parents=True)
    torch.save(hollow("resnet50"), torch_home / first.url.rpartition("/")[2])
    assert "IMAGENET1K_V1" in load_weights(build_encoder("resnet50"), "imagenet")


def test_imagenet__without_internet_names_file_folder_and_the_other_way(torch_home: Path):
    text = refused(untouched("resnet18"), "imagenet")
    for part in ("no internet", RESNET18_FILE, str(torch_home), "'file:'", "on a machine with internet access"):
        assert part in text
    assert not list(torch_home.iterdir())


def test_imagenet__does_not_fit_the_small_stem(torch_home: Path):
    assert "Set the stem to 'auto' or 'imagenet'" in refused(untouched("resnet18", "small"), "imagenet")
    assert not torch_home.exists()


def test_imagenet__half_written_file_is_named(torch_home: Path):
    torch_home.mkdir(parents=True)
    torch.save(hollow("resnet18"), torch_home / RESNET18_FILE)
    content = (torch_home / RESNET18_FILE).read_bytes()
    (torch_home / RESNET18_FILE).write_bytes(content[: len(content) // 2])
    assert str(torch_home / RESNET18_FILE) in refused(untouched("resnet18"), "imagenet")


@pytest.fixture
def download(torch_home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes, bytes], Path]:
    """Arrange that a file is offered whose name says the digest of one content and that ``arriving`` is what comes."""

    def arrange(named: bytes, arriving: bytes) -> Path:
        path = torch_home / f"resnet18-{hashlib.sha256(named).hexdigest()[:8]}.pth"
        monkeypatch.setattr(under_test, "imagenet_files", lambda name: iter([(path, "V1", "address")]))
        monkeypatch.setattr(under_test, "urlopen", lambda address, timeout: io.BytesIO(arriving))
        return path

    return arrange


def test_imagenet__is_downloaded_once(download: Callable[[bytes, bytes], Path], monkeypatch: pytest.MonkeyPatch):
    tensors, content = hollow("resnet18"), io.BytesIO()
    torch.save(tensors, content)
    path = download(content.getvalue(), content.getvalue())
    encoder = fresh_encoder()
    load_weights(encoder, "imagenet")
    assert carries(encoder, tensors)
    monkeypatch.setattr(under_test, "urlopen", None)
    load_weights(encoder, "imagenet")
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_imagenet__keeps_nothing_of_a_download_that_is_not_what_was_named(download: Callable[[bytes, bytes], Path]):
    path = download(b"weights", b"<html>please sign in</html>")
    assert "wrong checksum" in refused(untouched("resnet18"), "imagenet")
    assert not list(path.parent.iterdir())


# ---------------------------------------------------------------------------------------------------------------- runs


def save_run(root: Path, run_id: str, name: str = NETWORK, stem: str = "imagenet") -> tuple[Encoder, ModelCard]:
    encoder = fresh_encoder(name, stem)
    d = encoder.feature_dim
    card = ModelCard(
        kind="classifier", encoder=name, stem=stem, feature_dim=d, classes=["crab", "fish"], image_size_px=64,
        mean=[0.5, 0.5, 0.5], std=[0.25, 0.25, 0.25], run=run_id, data="reef",
    )  # fmt: skip
    save_model(root / run_id, encoder, classification_head(d, 2), card)
    return encoder, card


@pytest.mark.parametrize("by", ["root", "home", "file", "folder"])
def test_run__hands_on_encoder_and_card(by: str, home: Path):
    saved, card = save_run(home / "checkpoints", "20261122-1", "resnet18", "small")
    folder = home / "checkpoints" / "20261122-1"
    spec = {"file": f"file:{folder / 'model.safetensors'}", "folder": f"file:{folder}"}.get(by, "run:20261122-1")
    root = home / "checkpoints" if by == "root" else None
    encoder = fresh_encoder(stem="small")
    encoder.load_state_dict({name: torch.zeros_like(tensor) for name, tensor in encoder.state_dict().items()})
    said = load_weights(encoder, spec, root=root)
    assert "20261122-1" in said
    assert carries(encoder, saved.state_dict())
    assert source_card(spec, root=root) == card


@pytest.mark.parametrize("spec", ["random", "imagenet"])
def test_source_card__is_none_for_weights_without_one(spec: str):
    assert source_card(spec) is None


def test_source_card__is_none_for_a_bare_file(tmp_path: Path):
    save_file(fresh_encoder().state_dict(), tmp_path / "model.safetensors")
    assert source_card(f"file:{tmp_path / 'model.safetensors'}") is None


def test_run__that_is_not_there_is_told_with_at_most_five_that_are(home: Path):
    for number in range(7):
        folder = home / "checkpoints" / f"2026112{number}-1"
        folder.mkdir()
        (folder / "model.json").write_text("{}")
    text = refused(untouched("resnet18"), "run:20261199-1")
    assert "runs with a model: 20261126-1, 20261125-1, 20261124-1, 20261123-1, 20261122-1 and 2 more" in text


@pytest.mark.parametrize("run_id", ["nobody", "..", ".", "../outside", "/etc", "a/b"])
def test_run__must_be_a_run(run_id: str, home: Path):
    save_run(home, "outside")
    assert f"no run '{run_id}' to start from; no run has a model yet" in refused(untouched("resnet18"), f"run:{run_id}")
    with pytest.raises(WeightsError, match="no run"):
        source_card(f"run:{run_id}")


@pytest.mark.parametrize("missing", ["model.safetensors", "model.json"])
def test_run__without_a_model_yet(missing: str, home: Path):
    save_run(home / "checkpoints", "20261122-1")
    (home / "checkpoints" / "20261122-1" / missing).unlink()
    assert "has no model yet" in refused(untouched("resnet18"), "run:20261122-1")


@pytest.mark.parametrize(
    ("name", "stem", "says"),
    [
        ("resnet34", "small", "Set the encoder to resnet18"),
        ("resnet50", "small", "Set the encoder to resnet18"),
        ("resnet18", "imagenet", "Set the stem to 'small'"),
    ],
)
def test_run__of_another_architecture(name: str, stem: str, says: str, home: Path):
    save_run(home / "checkpoints", "20261122-1", "resnet18", "small")
    assert says in refused(untouched(name, stem), "run:20261122-1")
