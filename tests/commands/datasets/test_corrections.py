"""Correcting a data set from a shell."""

import shutil
from pathlib import Path

import pytest

from sealife_core.__main__ import main
from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.neutral import printable
from tests.commands.calling import called
from tests.datasets.new_pictures import new_picture
from tests.nasty_names import NOT_UTF8


def test_data_edit__history_undo_and_redo(tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = tiny_reef.file_names[:2]
    found = called(capsys, "data", "edit", "reef", "--images", first, "--label", "eel", "--by", "Ada")
    assert (found["version"], found["said"][:22]) == (1, "1 image relabelled: 'c")
    called(capsys, "data", "edit", "reef", "--images", first, second, "--exclude")
    assert len(open_dataset("reef")) == len(tiny_reef) - 2
    called(capsys, "data", "edit", "reef", "--rename-class", "whale", "ray")
    called(capsys, "data", "undo", "reef", "2")
    newest, *_, oldest = called(capsys, "data", "history", "reef")
    assert (oldest["by"], oldest["why"], oldest["undone"]) == ("Ada", "hand", False)
    assert newest["what"] == "Correction 2 undone."
    assert called(capsys, "data", "history", "reef")[2]["undone"]
    assert called(capsys, "data", "redo", "reef", "2")["images"] == len(tiny_reef) - 2


def test_data_find__lists_by_a_part_of_the_file_name_also_what_is_left_out(
    tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    crabs = [name for name in tiny_reef.file_names if "crab" in name]
    correct(tiny_reef, {tiny_reef.manifest["id"][tiny_reef.file_names.index(crabs[0])]: {"excluded": "yes"}})
    found = called(capsys, "data", "find", "reef", "CRAB-")
    assert [one["file"] for one in found] == crabs
    assert [one["excluded"] for one in found] == ["left out", *[""] * (len(crabs) - 1)]
    assert {one["label"] for one in found} == {"crab"}
    assert called(capsys, "data", "find", "reef", "no such") == []


def test_data_edit__says_what_is_missing(tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    for given, says in (
        ([], "needs --images and what to change"),
        (["--images", tiny_reef.file_names[0]], "needs --images and what to change"),
        (["--label", "eel"], "needs --images and what to change"),
        (["--images", "no such.jpg", "--label", "eel"], "no image 'no such.jpg'"),
        (["--images", "", "--label", "eel"], "no image ''"),
    ):
        assert says in called(capsys, "data", "edit", "reef", *given, status=1)["error"]


def test_data_edit__finds_a_file_however_its_accents_are_stored(
    tiny_reef: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sea").mkdir()
    new_picture(tmp_path, 0).replace(tmp_path / "sea" / "me\u0301duse.png")
    called(capsys, "data", "add", "reef", str(tmp_path / "sea"))
    for name in ("m\u00e9duse.png", "me\u0301duse.png"):
        called(capsys, "data", "edit", "reef", "--images", name, "--label", "m\u00e9duse")
        assert len(called(capsys, "data", "find", "reef", name.upper())) == 1
    called(capsys, "data", "edit", "reef", "--rename-class", "me\u0301duse", "jelly")
    assert open_dataset("reef").manifest["label"].iat[-1] == "jelly"


def test_data_edit__asks_which_of_several_images_of_one_name(
    tiny_reef: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for month, seed in (("june", 0), ("july", 1)):
        (tmp_path / month / "crab").mkdir(parents=True)
        new_picture(tmp_path, seed).replace(tmp_path / month / "crab" / "1.png")
        called(capsys, "data", "add", "reef", str(tmp_path / month))
    one, other = open_dataset("reef").manifest["id"].iloc[-2:]
    found = called(capsys, "data", "edit", "reef", "--images", "crab/1.png", "--label", "eel", status=1)
    assert "2 images of 'reef' are called 'crab/1.png'. Give the id" in found["error"]
    assert f"{one} or {other}." in found["error"]
    called(capsys, "data", "edit", "reef", "--images", str(one), "--label", "eel")
    assert open_dataset("reef").manifest["label"].tolist()[-2:] == ["eel", "crab"]


def test_data_edit__by_somebody_whose_name_is_no_utf_8(tiny_reef: Dataset) -> None:
    edit = ["data", "edit", "reef", "--images", tiny_reef.file_names[0], "--label", "eel", "--by", NOT_UTF8]
    assert main(edit) == 0
    assert open_dataset("reef").entries[0].by == printable(NOT_UTF8)


def test_data_edit__does_all_or_nothing(tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    first = tiny_reef.file_names[0]
    edit = ("data", "edit", "reef", "--images", first, "--label", "eel", "--rename-class")
    assert "no class 'no such'" in called(capsys, *edit, "no such", "ray", status=1)["error"]
    assert open_dataset("reef").version == 0
    assert called(capsys, *edit, "eel", "moray")["version"] == 2
    assert open_dataset("reef").manifest["label"][0] == "moray"


@pytest.mark.parametrize("both", [("--label", "eel", "--no-label"), ("--exclude", "--include")])
def test_data_edit__refuses_two_opposites(both: tuple[str, ...], tiny_reef: Dataset) -> None:
    with pytest.raises(SystemExit):
        main(["data", "edit", "reef", "--images", tiny_reef.file_names[0], *both])
    assert open_dataset("reef").version == 0


def test_data_apply__brings_corrections_to_another_copy(
    tiny_reef: Dataset, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(tiny_reef.folder, home / "data" / "copy")
    file = tmp_path / "corrections.csv"
    image = str(tiny_reef.manifest["id"].iat[0])
    corrected = correct(tiny_reef, {image: {"label": "eel"}})
    assert main(["data", "history", "reef", "--csv", str(file)]) == 0
    assert "1 correction written" in capsys.readouterr().err
    assert main(["data", "apply", "copy", str(file)]) == 0
    assert "1 correction applied to 1 image." in capsys.readouterr().out
    assert open_dataset("copy").content_hash == corrected.content_hash
    called(capsys, "data", "undo", "reef", "1")
    assert called(capsys, "data", "apply", "reef", str(file))["undone"] == [1], "what was undone here stays so"
