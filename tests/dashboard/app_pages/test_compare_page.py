"""The Compare page without a browser: what it compares, what it refuses, what it says."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.app_pages.compare import run_choice
from dashboard.app_pages.compare.piles import pile_pictures
from dashboard.correction_routes import correct_url
from dashboard.data.compared import pile_places
from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.comparison.paired import Paired
from sealife_core.runs.directory import create_run
from tests.dashboard.pages import visit
from tests.finished.runs import scratch_run


def open_compare(**query: str | list[str]) -> AppTest:
    return visit("compare", query)


def text(app: AppTest) -> str:
    shown = (*app.markdown, *app.caption, *app.error, *app.warning, *app.subheader, *app.get("html"))
    return " ".join(str(getattr(element, "value", None) or element.proto) for element in shown).replace("\\", "")


def boxes(app: AppTest) -> dict[str, tuple[bool, bool]]:
    """Label → (ticked, greyed)."""
    return {box.label: (box.value, box.disabled) for box in app.checkbox}


def test_page__without_a_tested_classifier_offers_to_train(home: Path) -> None:
    create_run(preset("simclr"))
    app = open_compare()
    assert not app.exception
    assert "No classifier has been tested yet" in text(app)
    assert any(button.label == "Train a classifier" for button in app.button)


def test_page__compares_two_runs_in_words_and_pictures(tiny_reef: Dataset) -> None:
    n = len(tiny_reef.rows("test"))
    worse, better = scratch_run(tiny_reef, "worse", 0), scratch_run(tiny_reef, "better", n, seed=1)
    app = open_compare()
    assert not app.exception
    said = text(app)
    assert f"Accuracy on {n} test pictures of reef" in said
    assert "Use better: its accuracy is 100.0 points higher than that of the next best, worse" in said
    assert f"Compared with worse, better fixes {n} images and breaks 0 of {n}" in said
    assert "worse is wrong, better is right." in said
    assert app.query_params["compare"] == [better.id, worse.id], "newest first, and in the link"


def test_page__greys_out_runs_on_other_test_images(tiny_reef: Dataset) -> None:
    same = [scratch_run(tiny_reef, "one", 2), scratch_run(tiny_reef, "two", 3, seed=1)]
    other = scratch_run(tiny_reef, "elsewhere", 4, seed=2, test_hash="other")
    app = open_compare(compare=[same[0].id, other.id])
    assert not app.exception
    found = boxes(app)
    (greyed,) = [label for label, (_, disabled) in found.items() if disabled]
    assert "elsewhere" in greyed
    assert not found[greyed][0]
    assert "Not compared: elsewhere" in text(app)
    assert "tested on other images" in text(app)
    assert "Tick a second run" in text(app), "the second that was asked for is refused"


def test_page__a_link_brings_its_pair_pile_and_class(tiny_reef: Dataset) -> None:
    a, b = scratch_run(tiny_reef, "a", 5), scratch_run(tiny_reef, "b", 2, seed=1)
    scratch_run(tiny_reef, "c", 3, seed=2)
    app = open_compare(**{"compare": [a.id, b.id], "from": a.id, "to": b.id, "pile": "broken"})
    assert "Compared with a, b fixes 0 images and breaks 3" in text(app)
    assert "a is right, b is wrong." in text(app)
    grid = json.loads(app.get("bidi_component")[-1].proto.json)
    assert len(grid["pictures"]) == 3
    assert grid["correcting"]["send"] == correct_url(tiny_reef), "they can be corrected where they are open"
    assert sorted(label for label, (ticked, _) in boxes(app).items() if ticked) == [
        "a · From scratch", "b · From scratch",
    ]  # fmt: skip


def test_page__of_many_runs_lists_the_newest_and_finds_the_others(tiny_reef: Dataset, monkeypatch) -> None:
    monkeypatch.setattr(run_choice, "MOST_LISTED", 2)
    runs = [scratch_run(tiny_reef, f"run {seed}", seed, seed=seed) for seed in range(4)]
    app = open_compare(compare=[runs[3].id])
    assert {label[:5] for label in boxes(app)} == {"run 3", "run 2"}
    (older,) = [box for box in app.selectbox if box.label == "An older run"]
    assert [option[:5] for option in older.options] == ["run 1", "run 0"]
    older.select(runs[0].id).run()
    assert not app.exception
    assert {label[:5]: ticked for label, (ticked, _) in boxes(app).items()} == {
        "run 3": True, "run 2": False, "run 0": True,
    }  # fmt: skip
    assert app.query_params["compare"] == [runs[3].id, runs[0].id]


def test_page__ticking_changes_the_comparison_and_the_link(tiny_reef: Dataset) -> None:
    runs = [scratch_run(tiny_reef, name, k, seed=k) for k, name in enumerate("abc")]
    app = open_compare(compare=[run.id for run in runs])
    next(box for box in app.checkbox if box.label.startswith("b")).uncheck().run()
    assert not app.exception
    assert set(app.query_params["compare"]) == {runs[0].id, runs[2].id}
    for box in [box for box in app.checkbox if box.value]:
        next(found for found in app.checkbox if found.label == box.label).uncheck().run()
    assert "Tick at least one run" in text(app)
    assert "compare" not in app.query_params


def test_page__without_predictions_says_what_to_do(tiny_reef: Dataset) -> None:
    runs = [scratch_run(tiny_reef, "a", 2), scratch_run(tiny_reef, "b", 3, seed=1)]
    (runs[0].path / "predictions.parquet").unlink()
    app = open_compare()
    assert not app.exception
    assert "There are no predictions" in text(app)


def test_page__survives_the_loss_of_its_data_set(tiny_reef: Dataset) -> None:
    for k in (2, 3):
        scratch_run(tiny_reef, f"run {k}", k, seed=k)
    tiny_reef.folder.rename(tiny_reef.folder.with_name("away"))
    app = open_compare()
    assert not app.exception
    assert "There is no data set 'reef'" in text(app)


@pytest.mark.parametrize("part", ["Curves", "Scores and cost", "What differs"])
def test_page__opens_every_part(tiny_reef: Dataset, part: str) -> None:
    for k in (2, 3):
        scratch_run(tiny_reef, f"run {k}", k, seed=k)
    app = open_compare(part=part)
    assert not app.exception
    expected = {
        "Curves": "Macro-F1",
        "Scores and cost": "Accuracy against training time",
        "What differs": "Settings that differ",
    }
    assert expected[part] in text(app)


def test_page__a_name_is_never_markup(tiny_reef: Dataset) -> None:
    scratch_run(tiny_reef, "<script>alert(1)</script> **b**", 2)
    scratch_run(tiny_reef, "plain", 3, seed=1)
    app = open_compare()
    assert not app.exception
    said = [element.value for element in (*app.markdown, *app.caption)]
    assert any("\\<script\\>" in words for words in said)
    assert all("<script" not in words.replace("\\<", "") and "**b**" not in words for words in said)


def laid_over(dataset: Dataset) -> Paired:
    rows = dataset.rows("test")
    ids = np.append(dataset.manifest["id"].to_numpy(dtype=object)[rows], "gone")
    labels = np.append(np.asarray(dataset.classes, dtype=object)[dataset.labels[rows]], dataset.classes[0])
    wrong = np.full(len(ids), "<b>other</b>", dtype=object)
    return Paired("a", "b", ids, labels, wrong, labels)


def test_piles__show_truth_and_both_answers_escaped(tiny_reef: Dataset) -> None:
    pair = laid_over(tiny_reef)
    places = pile_places(pair, "fixed", "All classes")
    assert len(places) == pair.n
    pictures = pile_pictures(tiny_reef, pair, places)
    assert len(pictures) == pair.n
    assert ["wrong", "✗ <b>other</b>"] in pictures[0]["lines"], "as text; the browser takes none of it for HTML"
    assert [one["alt"] for one in pictures if not one["url"]] == ["No longer in the data set"], "it keeps its place"


def test_piles__of_one_class(tiny_reef: Dataset) -> None:
    pair = laid_over(tiny_reef)
    label = str(pair.labels[0])
    assert set(pair.labels[pile_places(pair, "fixed", label)]) == {label}
    assert len(pile_places(pair, "broken", label)) == 0
    assert isinstance(pd.Series(pair.fixed).iloc[0], str)
