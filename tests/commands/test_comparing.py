"""``compare`` from a shell, over made-up results."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sealife_core.__main__ import main
from sealife_core.config import preset
from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from tests.finished.runs import predictions_of, scratch_run, with_predictions


def finished(name: str, right: int, n: int = 40, test_hash: str = "same") -> Run:
    """A run that names the first ``right`` of ``n`` images right."""
    said = (np.arange(n) >= right).astype(int)
    table = predictions_of([f"i{k}" for k in range(n)], np.zeros(n, int), said, ("crab", "eel"))
    run = with_predictions(create_run(preset("scratch"), name=name), table, ("crab", "eel"), test_hash)
    chance = {"chance": 0.05}  # with one true class every guess of it would be right
    RunWriter(run).results(test=(run.results() or {})["test"] | chance)
    return run


def test_compare__two_runs_image_by_image(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = finished("a", 10), finished("b", 30)
    assert main(["compare", a.id, b.id]) == 0
    said = capsys.readouterr().out
    assert "Compared with a, b fixes 20 images and breaks 0 of 40; p < 0.0001." in said
    assert "crab: 20 fixed, 0 broken of 40; recall 25 % → 75 %" in said
    assert "Use b: its accuracy is 50.0 points higher" in said


def test_compare__refuses_fewer_than_no_pictures(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--html", str(home / "x.html"), "--pictures", "-1"]) == 1
    assert "'--pictures' is -1; expected 0 or more." in capsys.readouterr().err


def test_compare__speaks_json(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def called(*ids: str) -> Any:
        assert main(["compare", *ids, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    a, b = finished("a", 10), finished("b", 12)
    assert [row["name"] for row in called()] == ["b", "a"]
    found = called(a.id, b.id)
    assert found["paired"]["fixed"] == ["i10", "i11"]
    assert found["paired"]["p"] == 0.5
    assert found["advice"].startswith("The 40 test images do not decide")
    assert found["paired"]["files"] == {}, "their data set is gone"


def test_compare__names_the_files_of_the_images_in_json(tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = scratch_run(tiny_reef, "a", 2), scratch_run(tiny_reef, "b", 3)
    rows = tiny_reef.rows("test")
    correct(tiny_reef, {tiny_reef.manifest["id"][int(rows[2])]: {"excluded": "yes"}})
    assert main(["compare", a.id, b.id, "--json"]) == 0
    pair = json.loads(capsys.readouterr().out)["paired"]
    assert [pair["files"][image] for image in pair["fixed"]] == [tiny_reef.file_names[rows[2]]]
    assert len(pair["files"]) == pair["n"] == len(rows)


def test_compare__writes_one_html_file(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [finished("a", 10), finished("b", 30)]
    assert main(["compare", *(run.id for run in runs), "--html", str(tmp_path / "c.html")]) == 0
    assert "Compared with a, b fixes 20 images" in (tmp_path / "c.html").read_text(encoding="utf-8")
    assert "c.html" in capsys.readouterr().err.replace("\n", "")


def test_compare__refuses_other_test_images_in_one_sentence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", finished("a", 10).id, finished("b", 30, test_hash="other").id]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "a and b were tested on different images" in said
    assert "Traceback" not in said
