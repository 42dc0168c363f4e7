"""What to label next, and who agrees with whom, from a shell."""

import pytest

from sealife_core.__main__ import main
from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.dataset import Dataset
from tests.commands.calling import called
from tests.finished.runs import simclr_run


def test_data_next__lists_pictures_until_all_have_labels(
    tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    run = simclr_run(tiny_reef)
    assert called(capsys, "data", "next", "reef") == {"run": run.id, "open": 0, "picks": [], "bought": []}
    ids = tiny_reef.manifest["id"].tolist()
    correct(tiny_reef, {image: {"label": "", "split": "train"} for image in ids[::2]})
    found = called(capsys, "data", "next", "reef", "--count", "7", "--run", "SimCLR")
    assert (found["open"], len(found["picks"])) == (32, 7)
    assert [pick["why"] for pick in found["picks"]].count("random") == 1
    pick = next(pick for pick in found["picks"] if pick["why"] == "random")
    assert (pick["file"], pick["split"]) == (tiny_reef.file_names[ids.index(pick["id"])], "val")
    assert {one["class"] for one in pick["likely"]} <= set(tiny_reef.classes)
    called(
        capsys, "data", "edit", "reef", "--images", pick["file"], "--label", pick["likely"][0]["class"],
        "--split", "val", "--why", "queue",
    )  # fmt: skip
    again = called(capsys, "data", "next", "reef")
    assert (again["open"], [point["answers"] for point in again["bought"]]) == (31, [1])
    assert main(["data", "next", "reef"]) == 0
    told = capsys.readouterr()
    assert "31 pictures without a label" in told.err
    assert "1 answer so far" in told.err
    assert again["picks"][0]["file"] in told.out


def test_data_next__says_what_is_missing(tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    assert "No run has embeddings of 'reef'" in called(capsys, "data", "next", "reef", status=1)["error"]
    assert "expected 1 or more" in called(capsys, "data", "next", "reef", "--count", "0", status=1)["error"]


def test_data_agreement__of_two_people(tiny_reef: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    ids, files = tiny_reef.manifest["id"].tolist(), tiny_reef.file_names
    ada, bo = ("crab", "ray", "ray", "crab", "eel"), ("crab", "ray", "crab", "crab")
    now = correct(tiny_reef, {image: {"label": one} for image, one in zip(ids, ada, strict=False)}, by="Ada")
    now = correct(now, {image: {"opinion": one} for image, one in zip(ids, bo, strict=False)}, by="Bo", why="blind")
    correct(now, {ids[4]: {"label": "ray"}}, by="Bo")
    found = called(capsys, "data", "agreement", "reef", "Ada", "Bo")
    assert (found["pictures"], found["left_out"]) == (4, 1)
    assert (found["agreed"]["value"], found["kappa"]["value"]) == (0.75, 0.5)
    assert found["disagreements"] == [{"file": files[2], "first": "ray", "second": "crab"}]
    assert main(["data", "agreement", "reef", "Ada", "Bo"]) == 0
    told = " ".join(capsys.readouterr().err.split())
    assert "4 pictures labelled by both independently: 75.0 %" in told
    assert told.endswith("1 more picture does not count: one of the two saw the other's label.")
    assert "'Cy' has labelled nothing" in called(capsys, "data", "agreement", "reef", "Ada", "Cy", status=1)["error"]
