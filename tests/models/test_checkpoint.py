import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torchvision.models import get_model

from sealife_core.errors import WeightsError
from sealife_core.models import checkpoint
from sealife_core.models.checkpoint import ModelCard, load_card, load_model, save_model
from sealife_core.models.heads import classification_head, projection_head
from tests.finished.models import fresh_encoder

IMAGES = torch.rand(2, 3, 32, 32)


def card_of(kind: str, **changes: Any) -> ModelCard:
    values: dict[str, Any] = {
        "kind": kind, "encoder": "resnet18", "stem": "small", "feature_dim": 512,
        "classes": ["crab", "fish", "<b>🐙</b>"] if kind == "classifier" else [],
        "image_size_px": 64, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
        "run": "20261122-104422-simclr-a3f1", "data": "reef", "data_hash": "abc", "scores": {"accuracy": 0.5},
        "projection": {"kind": "nonlinear", "hidden": 32, "out": 16} if kind == "simclr" else None,
    }  # fmt: skip
    return ModelCard(**values | changes)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A classifier's folder."""
    save_model(tmp_path, fresh_encoder(stem="small"), classification_head(512, 3), card_of("classifier"))
    return tmp_path


def edit_card(folder: Path, **changes: Any) -> None:
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize("kind", ["simclr", "classifier"])
def test_model__comes_back_as_it_was_saved(kind: str, tmp_path: Path):
    encoder = fresh_encoder(stem="small")
    head = projection_head("nonlinear", 512, 32, 16) if kind == "simclr" else classification_head(512, 3, dropout=0.5)
    head(encoder(IMAGES))  # moves BatchNorm's statistics, which must be kept too
    save_model(tmp_path, encoder, head, card_of(kind))

    loaded, loaded_head, card = load_model(tmp_path)
    assert loaded_head is not None
    assert card == card_of(kind)
    assert card == load_card(tmp_path)
    assert not any(m.training for m in [*loaded.modules(), *loaded_head.modules()])
    assert torch.equal(loaded_head(loaded(IMAGES)), head.eval()(encoder.eval()(IMAGES)))


def test_model__is_two_files_and_no_more(saved: Path):
    assert sorted(path.name for path in saved.iterdir()) == ["model.json", "model.safetensors"]
    assert {name.split(".")[0] for name in load_file(saved / "model.safetensors")} == {"encoder", "head"}


def test_model__without_a_head(tmp_path: Path):
    save_model(tmp_path, fresh_encoder(stem="small"), None, card_of("simclr", projection=None))
    assert load_model(tmp_path)[1] is None


def test_model__can_be_saved_in_channels_last_and_while_frozen(tmp_path: Path):
    encoder = fresh_encoder(stem="small").train_stages(2).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    save_model(tmp_path, encoder, None, card_of("simclr"))
    loaded, _, _ = load_model(tmp_path)
    torch.testing.assert_close(loaded(IMAGES), encoder.eval()(IMAGES))
    assert all(p.requires_grad for p in loaded.parameters())


def test_model__is_of_use_to_torchvision_alone(tmp_path: Path):
    encoder = fresh_encoder().eval()
    save_model(tmp_path, encoder, None, card_of("simclr", stem="imagenet"))
    net = get_model("resnet18", weights=None).eval()
    net.fc = nn.Identity()
    tensors = load_file(tmp_path / "model.safetensors")
    net.load_state_dict({name.removeprefix("encoder."): tensor for name, tensor in tensors.items()})
    torch.testing.assert_close(net(IMAGES), encoder(IMAGES))


@pytest.mark.process
def test_model__needs_its_two_files_only(saved: Path, tmp_path_factory: pytest.TempPathFactory):
    """Copied away, opened by another process in another home, with the place they were written in gone."""
    away = tmp_path_factory.mktemp("away")
    for name in ("model.safetensors", "model.json"):
        shutil.move(saved / name, away / name)
    shutil.rmtree(saved)
    script = (
        "import sys, torch; from pathlib import Path; from sealife_core.models.checkpoint import load_model;"
        "encoder, head, card = load_model(Path(sys.argv[1]));"
        "print(head(encoder(torch.zeros(1, 3, card.image_size_px, card.image_size_px))).shape[1], len(card.classes))"
    )
    environment = os.environ | {"SEALIFE_HOME": str(away / "nowhere"), "TORCH_HOME": str(away / "nowhere")}
    done = subprocess.run(
        [sys.executable, "-c", script, str(away)],
        capture_output=True,
        text=True,
        env=environment,
        cwd=away,
        check=False,
    )
    found = sorted(path.name for path in away.iterdir())
    shutil.rmtree(away)
    assert done.stdout.split() == ["3", "3"], done.stderr
    assert found == ["model.json", "model.safetensors"]


def test_load_model__draws_no_random_number(saved: Path):
    before = torch.get_rng_state()
    load_model(saved)
    assert torch.equal(torch.get_rng_state(), before)


def test_save_model__writes_scores_that_json_can_hold(tmp_path: Path):
    scores = {
        "f1": torch.tensor(0.5),
        "low": float("nan"),
        "matrix": torch.eye(2).numpy(),
        "n": torch.tensor(3).numpy(),
    }
    save_model(tmp_path, fresh_encoder(stem="small"), None, card_of("simclr", scores=scores))
    expected = {"f1": 0.5, "low": None, "matrix": [[1.0, 0.0], [0.0, 1.0]], "n": 3}
    assert load_card(tmp_path).scores == expected


@pytest.mark.parametrize(
    "card",
    [
        card_of("classifier", encoder="resnet50", feature_dim=2048),
        card_of("classifier", stem="imagenet"),
        card_of("classifier", classes=["crab", "fish"]),
        card_of("simclr"),
        card_of("simclr", projection=None),
    ],
)
def test_save_model__refuses_a_card_of_another_model(card: ModelCard, tmp_path: Path):
    with pytest.raises(ValueError, match="does not describe"):
        save_model(tmp_path, fresh_encoder(stem="small"), classification_head(512, 3), card)
    assert not list(tmp_path.iterdir())


def test_save_model__that_fails_leaves_the_model_that_was_there(saved: Path, monkeypatch: pytest.MonkeyPatch):
    before = {path.name: path.read_bytes() for path in saved.iterdir()}

    def full_disk(tensors: object, path: Path, metadata: object) -> None:
        path.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr("sealife_core.models.checkpoint.save_file", full_disk)
    with pytest.raises(OSError, match="No space left"):
        save_model(saved, fresh_encoder(stem="small"), classification_head(512, 3), card_of("classifier"))
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before


def test_read_safetensors__reads_the_file_that_was_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path, opened = tmp_path / "w.safetensors", checkpoint.open_regular
    save_file({"a": torch.ones(2)}, path)

    def exchanged(path: Path) -> object:
        file = opened(path)
        path.unlink()
        os.mkfifo(path)
        return file

    monkeypatch.setattr(checkpoint, "open_regular", exchanged)
    assert checkpoint.read_safetensors(path)["a"].tolist() == [1, 1]


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def break_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\x80\x04not tensors")


def drop_a_tensor(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    del tensors["encoder.bn1.running_var"]
    save_file(tensors, folder / "model.safetensors")


DAMAGE = {
    "card missing": (lambda f: (f / "model.json").unlink(), "no model in"),
    "card half written": (lambda f: halve(f / "model.json"), "cannot be read"),
    "card empty": (lambda f: (f / "model.json").write_text(""), "cannot be read"),
    "card not text": (lambda f: (f / "model.json").write_bytes(b"\xff\xfe\x00"), "cannot be read"),
    "card a list": (lambda f: (f / "model.json").write_text("[]"), "expected an object"),
    "card without format": (lambda f: (f / "model.json").write_text("{}"), "format None"),
    "card of the future": (lambda f: edit_card(f, format=2), "Update the program"),
    "card without fields": (lambda f: (f / "model.json").write_text('{"format": 1}'), "'kind'"),
    "unknown encoder": (lambda f: edit_card(f, encoder="vit"), "unknown model"),
    "size as text": (lambda f: edit_card(f, image_size_px="64"), "image_size_px"),
    "two colours": (lambda f: edit_card(f, mean=[0.5, 0.5]), "contradicts itself"),
    "spread of zero": (lambda f: edit_card(f, std=[1.0, 1.0, 0.0]), "contradicts itself"),
    "unknown projection": (lambda f: edit_card(f, projection={"deep": 3}), "contradicts itself"),
    "weights missing": (lambda f: (f / "model.safetensors").unlink(), "There is no file"),
    "weights half written": (lambda f: halve(f / "model.safetensors"), "damaged"),
    "weights empty": (lambda f: (f / "model.safetensors").write_bytes(b""), "damaged"),
    "weights not tensors": (break_weights, "damaged"),
    "a tensor missing": (drop_a_tensor, "encoder.bn1.running_var"),
    "other encoder": (lambda f: edit_card(f, encoder="resnet34"), "do not belong together"),
    "other stem": (lambda f: edit_card(f, stem="imagenet"), "encoder.conv1.weight"),
    "other classes": (lambda f: edit_card(f, classes=["crab"]), "head.linear"),
    "other kind": (lambda f: edit_card(f, kind="simclr", classes=[]), "do not belong together"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_load_model__says_in_a_sentence_what_is_wrong(damage: str, saved: Path):
    harm, says = DAMAGE[damage]
    harm(saved)
    before = {path.name: path.read_bytes() for path in saved.iterdir()}
    with pytest.raises(WeightsError, match=says) as caught:
        load_model(saved)
    text = str(caught.value)
    assert str(saved) in text
    assert "\n" not in text
    assert text.endswith(".")
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before
