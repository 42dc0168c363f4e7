"""Names, notes, recipes and the trash from a shell: what the dashboard keeps, a shell keeps too."""

import shutil
from pathlib import Path

import pytest

from sealife_core.__main__ import main
from sealife_core.config import RECIPES, preset
from sealife_core.datasets.dataset import Dataset, list_datasets, open_dataset, write_dataset
from sealife_core.runs.deletion import delete, trashed
from sealife_core.runs.directory import create_run, list_runs
from sealife_core.runs.files import replace_json
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.queue import write_status
from sealife_core.views.recipes import load_recipe
from tests.commands.calling import called


@pytest.fixture
def run(home: Path) -> Run:
    made = create_run(preset("simclr"), name="First", tags=["thesis"], notes="a try")
    write_status(made, state=State.FINISHED)
    return made


def test_resume__anew_is_said_and_done(
    tiny_reef: Dataset, run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sealife_core.runs.scheduling.queue._spawn_dispatcher", lambda root: None)
    write_status(run, state=State.STOPPED)
    (run.path / "last.ckpt").touch()
    refused = called(capsys, "runs", "resume", run.id, status=1)["error"]
    assert "is damaged: it is empty" in refused
    assert "runs resume RUN --anew" in refused
    assert (
        called(capsys, "runs", "resume", run.id, "--anew")[0]["said"]
        == f"{run.id} is queued to start from the beginning."
    )
    assert run.state() is State.QUEUED


def test_note__changes_what_is_given_and_keeps_the_rest(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    called(capsys, "runs", "note", run.id, "--name", "Reef", "--tag", "temperature", "--tag", "two words")
    assert run.notes() == {"name": "Reef", "tags": ["temperature", "two words"], "notes": "a try", "study": ""}
    said = called(capsys, "runs", "note", run.id, "--notes", "hotter", "--tag", "")
    assert run.notes() == {"name": "Reef", "tags": [], "notes": "hotter", "study": ""}
    assert said[0]["notes"] == "hotter"
    called(capsys, "runs", "note", run.id, "--name", "")
    assert run.notes()["name"] == run.id


def test_rename__gives_the_id_back_for_an_empty_name(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    called(capsys, "runs", "rename", run.id, "--name", "Reef")
    assert run.notes()["name"] == "Reef"
    assert "needs --name" in called(capsys, "runs", "rename", run.id, status=1)["error"]
    assert run.notes()["name"] == "Reef"
    called(capsys, "runs", "rename", run.id, "--name", "")
    assert run.notes()["name"] == run.id


def test_runs__are_all_found_before_anything_is_done(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no run 'Second'" in called(capsys, "runs", "delete", "First", "Second", status=1)["error"]
    assert trashed() == []


def test_show__names_the_devices_that_the_run_was_given(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert called(capsys, "runs", "show", run.id)[0]["device"] == ""
    replace_json(run.path / "process.json", {"device": "cuda:0,cuda:1"})
    assert called(capsys, "runs", "show", run.id)[0]["device"] == "cuda:0,cuda:1"
    assert main(["runs", "show", run.id]) == 0
    assert "device: cuda:0, cuda:1\n" in capsys.readouterr().out


def test_data_trash__is_emptied_only_on_demand(tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    called(capsys, "data", "delete", "reef")
    assert called(capsys, "data", "trash") == [{"name": "reef"}]
    refusal = called(capsys, "data", "empty-trash", status=1)["error"]
    assert "reef" in refusal
    assert "--yes" in refusal
    called(capsys, "data", "restore", "reef")
    assert list_datasets() == ["reef"]
    called(capsys, "data", "delete", "reef")
    found = called(capsys, "data", "empty-trash", "--yes")
    assert found["removed"] == ["reef"]
    assert found["freed_bytes"] > 1000
    assert "no deleted data set" in called(capsys, "data", "restore", "reef", status=1)["error"]
    assert called(capsys, "data", "empty-trash") == {"removed": [], "freed_bytes": 0}


def test_empty_trash__asks_first_and_names_the_bytes(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    (run.path / "model.safetensors").write_bytes(bytes(2_000_000))
    delete(run)
    assert [row["id"] for row in called(capsys, "runs", "trash")] == [run.id]
    refusal = called(capsys, "runs", "empty-trash", status=1)["error"]
    assert run.id in refusal
    assert "2.0 MB" in refusal
    assert "--yes" in refusal
    assert trashed() == [run.id]
    found = called(capsys, "runs", "empty-trash", "--yes")
    assert found["removed"] == [run.id]
    assert found["freed_bytes"] > 2_000_000
    assert trashed() == []
    assert called(capsys, "runs", "empty-trash") == {"removed": [], "freed_bytes": 0}


def test_recipes__are_saved_listed_deleted_and_restored(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    called(capsys, "recipes", "save", "Dusk", "--from", "Mild", "--hue", "0.02")
    assert load_recipe("Dusk") == RECIPES["Mild"].model_copy(update={"hue": 0.02})
    assert called(capsys, "recipes", "show", "Dusk")["hue"] == 0.02
    assert [row["name"] for row in called(capsys, "recipes", "list")] == [*RECIPES, "Dusk"]
    called(capsys, "recipes", "delete", "Dusk")
    assert [row["name"] for row in called(capsys, "recipes", "list")] == list(RECIPES)
    called(capsys, "recipes", "restore", "Dusk")
    assert load_recipe("Dusk").hue == 0.02


def test_recipes__refuse_in_a_sentence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "'hue' is 2.0" in called(capsys, "recipes", "save", "Dusk", "--hue", "2", status=1)["error"]
    assert "built-in" in called(capsys, "recipes", "save", "Mild", status=1)["error"]
    assert "no saved view recipe" in called(capsys, "recipes", "delete", "Dusk", status=1)["error"]


def test_data_show__counts_every_class_and_split(tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    found = called(capsys, "data", "show", "reef")
    assert [row["class"] for row in found["per_class"]] == list(tiny_reef.classes)
    for row in found["per_class"]:
        assert row["images"] == row["train"] + row["val"] + row["test"] > 0
    assert sum(row["images"] for row in found["per_class"]) == 64
    assert main(["data", "show", "reef"]) == 0
    assert "octopus" in capsys.readouterr().out


def test_data_delete__says_its_size_and_waits_for_runs(tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    run = create_run(preset("simclr", data="reef"))
    write_status(run, state=State.QUEUED)
    assert run.id in called(capsys, "data", "delete", "reef", status=1)["error"]
    assert list_datasets() == ["reef"]
    write_status(run, state=State.STOPPED)
    assert called(capsys, "data", "delete", "reef")["freed_bytes"] > 0
    assert list_datasets() == []
    called(capsys, "data", "restore", "reef")
    assert list_datasets() == ["reef"]
    assert len(list_runs()) == 1


@pytest.fixture
def leaky(tiny_reef: Dataset) -> Dataset:
    """The reef with one picture of training once more in test."""
    copied = tiny_reef.manifest.copy()
    learned, tested = int(tiny_reef.rows("train")[0]), int(tiny_reef.rows("test")[0])
    for column in ("label", "sha256"):
        copied.loc[tested, column] = copied[column][learned]
    shutil.copy(tiny_reef.image_path(learned), tiny_reef.image_path(tested))
    return write_dataset(tiny_reef.folder, copied, tiny_reef.info)


def test_data_mend__previews_moves_and_is_undone(leaky: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    found = called(capsys, "data", "check", "reef")
    assert (found["exact_duplicates"], found["straddling_splits"]) == (1, 1)
    (group,) = [group for group in found["groups"] if group["kind"] == "exact"]
    assert {image["split"] for image in group["pictures"]} == {"train", "test"}
    assert {image["file"] for image in group["pictures"]} < set(leaky.file_names)
    previewed = called(capsys, "data", "mend", "reef", "--preview")
    assert (previewed["mended"], previewed["would_mend"]) == (0, 1)
    assert open_dataset("reef").content_hash == leaky.content_hash
    mended = called(capsys, "data", "mend", "reef")
    assert mended["moved"] == previewed["moved"] != []
    assert mended["after"] == called(capsys, "data", "show", "reef")["splits"]
    assert called(capsys, "data", "check", "reef")["straddling_splits"] == 0
    assert called(capsys, "data", "unmend", "reef")["content_hash"] == leaky.content_hash
    assert "There is no mending" in called(capsys, "data", "unmend", "reef", status=1)["error"]


def test_data_mend__says_how_many_images_move(leaky: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "mend", "reef"]) == 0
    said = capsys.readouterr().out
    assert "1 group brought together, each in one split." in said
    assert "Images that move: 1 from" in said
    assert "'data unmend reef' undoes it." in said
