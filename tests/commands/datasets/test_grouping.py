"""Groups and held-out places from a shell."""

from pathlib import Path

import pytest

from sealife_core.__main__ import main
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.datasets.grouping.regrouping import scattered
from sealife_core.runs.run import Run
from tests.commands.calling import called
from tests.datasets.pictures import write_folder


def test_data_group__shows_then_groups_then_can_be_undone(
    tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    by = ("data", "group", "reef", "--by", "part:-1")
    found = called(capsys, *by, "--preview")
    assert 1 < found["groups"] == len({Path(name).stem[-1] for name in tiny_reef.file_names})
    assert (found["changes"], open_dataset("reef").version) == (64, 0)
    assert main([*by, "--preview"]) == 0
    assert f"{found['groups']} groups of 64 images" in capsys.readouterr().out
    assert called(capsys, *by, "--who", "Ada")["version"] == 1
    assert open_dataset("reef").entries[0].by == "Ada"
    assert called(capsys, "data", "check", "reef")["groups_in_several_splits"] == found["straddling"]
    called(capsys, "data", "undo", "reef", "1")
    assert open_dataset("reef").content_hash == tiny_reef.content_hash
    assert (
        "expected parent, grandparent, part:N"
        in called(capsys, "data", "group", "reef", "--by", "x", status=1)["error"]
    )


def test_import__by_a_pattern_keeps_groups_in_one_split(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = {f"{label}/{label} {dive}": 4 for label in ("crab", "ray") for dive in range(5)}
    source = str(write_folder(tmp_path / "sea", folders))
    assert "needs a number" in called(capsys, "import", source, "--group-by", "part:0", status=1)["error"]
    found = called(capsys, "import", source, "--group-by", "parent")
    assert any("10 groups of 40 images" in note for note in found["notes"])
    manifest = open_dataset("sea").manifest
    groups = manifest["group"].tolist()
    assert len(set(groups)) == 10
    assert scattered(groups, manifest["split"].tolist()) == []


def test_data_held_out__tells_both_scores(
    tiny_reef: Dataset, classifier: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    by = ("data", "held-out", "reef", "--by", "part:-1", "--run", classifier.id)
    found = called(capsys, *by)
    assert found["difference"]["value"] == pytest.approx(found["elsewhere"]["value"] - found["random"]["value"])
    assert "predicted" not in found
    assert main(list(by)) == 0
    first, *lines = capsys.readouterr().out.strip().split("\n")
    assert first == found["said"]
    assert len(lines) == len(found["each"]) > 1
    worst = found["each"][0]
    assert lines[0].startswith(f"  {worst['place']}: {worst['images']} images, ")


def test_data_held_out__holds_places_out_after_a_preview_and_can_be_undone(
    tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    hold = ("data", "held-out", "reef", "--by", "part:-1", "--hold")
    place = Path(tiny_reef.file_names[0]).stem.split("-")[-1]
    rows = [row for row, name in enumerate(tiny_reef.file_names) if Path(name).stem.split("-")[-1] == place]
    found = called(capsys, *hold, place, "--preview")
    assert (found["places"], found["after"]["test"]) == ([place], len(rows))
    assert open_dataset("reef").version == 0
    assert main([*hold, place, "--preview"]) == 0
    assert "Images afterwards: training" in capsys.readouterr().out
    assert called(capsys, *hold, place, "--who", "Ada")["splits"]["test"] == len(rows)
    held = open_dataset("reef")
    assert (held.rows("test").tolist(), held.entries[0].by) == (rows, "Ada")
    assert called(capsys, *hold, place, status=1)["error"].endswith("is the images of these places already.")
    called(capsys, "data", "undo", "reef", "1")
    assert open_dataset("reef").content_hash == tiny_reef.content_hash
    assert "of a place 'elsewhere'" in called(capsys, *hold, "elsewhere", status=1)["error"]
    assert "--hold" in called(capsys, *hold[:-1], "--preview", status=1)["error"]


def test_data_import_group_and_held_out__by_columns_of_the_table(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_folder(tmp_path / "sea", {"crab": 8, "ray": 8})
    rows = [
        f"{kind}/{n}.jpg,{kind},{'reef' if n < 3 else 'bay' if n < 6 else 'cape'},day {n}"
        for kind in ("crab", "ray")
        for n in range(8)
    ]
    (folder / "list.csv").write_text("\n".join(["file,label,Site,Dive", *rows]))
    found = called(capsys, "import", str(folder / "list.csv"), "--name", "sea", "--group-by", "column:Site")
    assert "The column 'dive' of the table is kept" in " ".join(found["notes"])
    assert set(open_dataset("sea").manifest["group"]) == {"reef", "bay", "cape"}
    assert called(capsys, "data", "show", "sea")["columns"] == ["site", "dive"]
    assert called(capsys, "data", "group", "sea", "--by", "column:dive", "--preview")["groups"] == 8
    assert "'dive'" in called(capsys, "data", "group", "sea", "--by", "column:depth", status=1)["error"]
    hold = ("data", "held-out", "sea", "--by", "column:dive", "--hold", "day 1", "day 7")
    assert called(capsys, *hold)["splits"]["test"] == 4
    held = open_dataset("sea")
    assert {held.table_columns["dive"][row] for row in held.rows("test")} == {"day 1", "day 7"}
