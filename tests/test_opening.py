"""What is no regular file is refused at once, wherever somebody else's file is opened."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from sealife_core.datasets.decoding.reading import read_rgb
from sealife_core.datasets.imports.importing import import_images
from sealife_core.datasets.reef import draw_reef
from sealife_core.errors import DatasetError, RunError, WeightsError
from sealife_core.evaluation.batch_inference.inference_jobs import read_files, read_rows
from sealife_core.models.checkpoint import load_card, read_safetensors
from sealife_core.models.tensor_files import read_tensors
from sealife_core.opening import json_in, open_regular, read_regular
from sealife_core.views.recipes import recipes
from tests.commands.calling import called
from tests.nasty_names import TEXTS


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(path.parent)  # a socket's path may have 107 bytes
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)


def a_loop(path: Path) -> None:
    path.symlink_to(path.name)


SPECIAL: dict[str, tuple[Callable[[Path], object], str]] = {
    "named pipe": (os.mkfifo, "it is a named pipe, not a file"),
    "socket": (a_socket, "it is a socket, not a file"),
    "link to an endless device": (lambda path: path.symlink_to("/dev/zero"), "it is a device, not a file"),
    "link to a named pipe": (
        lambda path: (os.mkfifo(f"{path}.pipe"), path.symlink_to(f"{path}.pipe")),
        "it is a named pipe, not a file",
    ),
    "link that leads round": (a_loop, "Too many levels of symbolic links"),
    "folder": (Path.mkdir, "it is a folder"),
}
special = pytest.mark.parametrize("kind", SPECIAL)


def made(kind: str, path: Path) -> str:
    """The words for what now is at ``path``."""
    make, says = SPECIAL[kind]
    make(path)
    return says


@special
def test_open_regular__refuses_what_is_no_file(kind: str, tmp_path: Path):
    says = made(kind, tmp_path / "x")
    before = set(Path("/proc/self/fd").iterdir())
    with pytest.raises(OSError, match=says):
        open_regular(tmp_path / "x")
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_open_regular__refuses_what_becomes_a_pipe_between_look_and_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "x.jpg"
    path.write_bytes(b"x")
    true_open = os.open

    def swapped(opened: Path, flags: int) -> int:
        path.unlink()
        os.mkfifo(path)
        return true_open(opened, flags)

    monkeypatch.setattr(os, "open", swapped)
    with pytest.raises(OSError, match="named pipe"):
        open_regular(path)


def test_read_regular__reads_no_more_than_it_may(tmp_path: Path):
    (tmp_path / "x").write_bytes(b"12345")
    assert read_regular(tmp_path / "x", 5) == b"12345"
    with pytest.raises(OSError, match="larger than"):
        read_regular(tmp_path / "x", 4)


@pytest.mark.parametrize("what", TEXTS)
def test_open_regular__any_name_is_an_oserror_at_worst(what: str, tmp_path: Path):
    with pytest.raises(OSError):
        open_regular(tmp_path / "nothing" / TEXTS[what].lstrip("/"))


@special
def test_import__what_is_no_file_is_skipped_and_named(kind: str, home: Path, tmp_path: Path):
    from tests.test_names import picture

    source = tmp_path / "sea"
    for label in ("crab", "ray"):
        (source / label).mkdir(parents=True)
        (source / label / "0.png").write_bytes(picture(len(label)))
    says = made(kind, source / "crab" / "x.jpg")
    (source / "list.csv").write_text("file,label\ncrab/0.png,crab\nray/0.png,ray\ncrab/x.jpg,crab\n")
    report = import_images(source / "list.csv", "listed")
    assert report.imported == 2
    assert [file for file, _ in report.skipped] == ["crab/x.jpg"]
    assert (says if kind != "folder" else "no such file") in report.skipped[0][1]
    (source / "list.csv").unlink()
    report = import_images(source, "sea")
    assert report.imported == 2
    if kind != "folder":
        assert report.skipped == [("crab/x.jpg", f"Cannot be opened ({says}).")] or kind.startswith("link to a named")


@special
@pytest.mark.parametrize("name", ["sea.zip", "sea.csv", "sea"])
def test_import__from_what_is_no_file_is_a_sentence(kind: str, name: str, home: Path, tmp_path: Path):
    made(kind, tmp_path / name)
    with pytest.raises(DatasetError, match=r"cannot be opened \(|holds no picture"):
        import_images(tmp_path / name, "sea")
    assert [found.name for found in (home / "data").iterdir() if found.name != ".lock"] == []


@special
def test_import__a_table_among_pictures_that_is_no_file_is_not_used(kind: str, home: Path, tmp_path: Path):
    from tests.test_names import picture

    (tmp_path / "sea" / "crab").mkdir(parents=True)
    (tmp_path / "sea" / "crab" / "0.png").write_bytes(picture(0))
    made(kind, tmp_path / "sea" / "labels.csv")
    report = import_images(tmp_path / "sea", "sea")
    assert report.dataset.classes == ("crab",)
    assert kind == "folder" or any("'labels.csv' was not used" in note for note in report.notes)


@special
def test_models__what_is_no_file_is_a_sentence(kind: str, tmp_path: Path):
    for name, read in (("w.pt", read_tensors), ("w.safetensors", read_safetensors)):
        made(kind, tmp_path / name)
        with pytest.raises(WeightsError):
            read(tmp_path / name)
    made(kind, tmp_path / "model.json")
    with pytest.raises(WeightsError, match="cannot be read"):
        load_card(tmp_path)


@special
def test_read_rgb__what_took_a_pictures_place_is_a_sentence(kind: str, tmp_path: Path):
    says = made(kind, tmp_path / "x.jpg")
    with pytest.raises(DatasetError, match=f"cannot be opened \\({says}"):
        read_rgb(tmp_path / "x.jpg")


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"a": NaN}', '"\\ud800"', "\ufeff{}"])
def test_json_in__whatever_is_no_json_is_one_kind_of_error(text: str, tmp_path: Path):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError):
        json_in(tmp_path / "x.json")


def nested(path: Path) -> None:
    path.write_text("[" * 100_000)


@pytest.mark.parametrize("make", [nested, os.mkfifo])
def test_damaged_json__is_told_of_one_data_set_and_hides_no_other(
    make: Callable[[Path], object], home: Path, capsys: pytest.CaptureFixture[str]
):
    for name in ("whole", "damaged"):
        draw_reef(images=10, size_px=16, name=name)
    info = home / "data" / "damaged" / "dataset.json"
    info.unlink()
    make(info)
    listed = {row["name"]: row.get("problem", "") for row in called(capsys, "data", "list")}
    assert not listed["whole"]
    assert "dataset.json cannot be read" in listed["damaged"]


@pytest.mark.parametrize("make", [nested, os.mkfifo])
def test_damaged_json__of_recipes_and_models_is_a_sentence(make: Callable[[Path], object], home: Path):
    (home / "checkpoints" / ".recipes").mkdir(parents=True)
    make(home / "checkpoints" / ".recipes" / "x.json")
    make(home / "model.json")
    assert "x" not in recipes()
    with pytest.raises(WeightsError, match="cannot be read"):
        load_card(home)


def test_damaged_json__of_many_predictions_is_a_sentence(tmp_path: Path):
    (tmp_path / "rows.jsonl").write_text("[" * 100_000 + "\n")
    nested(tmp_path / "files.json")
    with pytest.raises(RunError, match="is damaged"):
        read_rows(tmp_path)
    assert read_files(tmp_path) is None
