"""Break it, without a browser: a prediction first, two runs in the queue, and what happened, with the prediction."""

import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dashboard.app_pages.contrast import breaking, broken_outcome
from dashboard.data.contrast.ablation_findings import Measures
from dashboard.words import run_name
from sealife_core.config import AnyConfig, preset
from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.comparison.resampling import Interval
from sealife_core.evaluation.contrast.ablation_effects import PRETEXT, Measure
from sealife_core.evaluation.embeddings.stored_embeddings import snapshot_folder, write_embeddings, write_snapshot
from sealife_core.runs.directory import create_run, list_runs
from sealife_core.runs.run import MODEL, Run
from sealife_core.runs.scheduling.queue import write_status
from sealife_core.studies.ablation_pairs import SWITCHES, Pair, Planned, launch_pair, planned
from tests.dashboard.pages import visit
from tests.finished.files import write_rows
from tests.finished.runs import clustered, finished, predictions_on, with_predictions

PART: Mapping[str, Any] = {"section": "breaking"}


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are queued, and stay so."""
    monkeypatch.setattr("sealife_core.runs.scheduling.queue._spawn_dispatcher", lambda root: None)


def said(app: Any) -> str:
    return " ".join(one.value for one in (*app.markdown, *app.caption)).replace("\\", "").replace("\u00a0", " ")


def right(app: Any) -> list[int]:
    """How many neighbours are of the same class, in each run."""
    return [int(count) for count in re.findall(r"(\d+) of \d+ are of the same class", said(app))]


def button(app: Any, label: str) -> Any:
    return next(found for found in app.button if found.label == label)


def test_switches__are_all_there_and_one_opens(tiny_reef: Dataset) -> None:
    app = visit("contrast", PART)
    assert len([one for one in app.button if one.icon == ":material/heart_broken:"]) == len(SWITCHES)
    button(app, "Batch of 8").click().run()
    assert not app.exception
    assert app.query_params["switch"] == "batch-8"
    assert "First a prediction" in said(app)


def test_runs__are_launched_once_both_predictions_are_made(tiny_reef: Dataset) -> None:
    app = visit("contrast", {**PART, "switch": "no-jitter"})
    assert button(app, "Break it").disabled
    for group, answer in zip(app.segmented_control[-2:], (1, -1), strict=True):
        group.set_value(answer)
    app.run()
    button(app, "Break it").click().run()
    assert not app.exception
    assert app.query_params["guess"] == "1,-1"
    assert sorted(run.broken for run in list_runs()) == ["", "no colour jitter"]


def test_runs__that_would_fail_after_another_has_trained_are_not_launched(tiny_reef: Dataset) -> None:
    correct(tiny_reef, {image: {"label": ""} for image in tiny_reef.manifest["id"]})
    app = visit("contrast", {**PART, "switch": "unfrozen-probe", "guess": "1,1"})
    assert not app.exception
    assert button(app, "Break it").disabled
    assert [error.value.count("a classifier needs labels") for error in app.error] == [1]


def test_progress__is_followed_until_both_have_finished_or_one_never_will(
    tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(breaking.st, "rerun", lambda scope: asked.append(scope))
    runs = launch_pair("no-jitter", planned("no-jitter", tiny_reef)).both
    assert runs is not None
    drawn = visit("contrast", {**PART, "switch": "no-jitter", "guess": "1,-1"})
    assert [bar.proto.text.split(" · ")[0] for bar in drawn.get("progress")[:2]] == ["**Intact**", "**Broken**"]
    for states, again in (
        (("queued", "running"), []),
        (("finished", "running"), []),
        (("running", "failed"), ["app"]),
        (("finished", "finished"), ["app"]),
    ):
        asked.clear()
        for run, state in zip(runs, states, strict=True):
            write_status(run, state=state)
        breaking._progress(runs)
        assert asked == again, states


def ended(plan: Planned, dataset: Dataset, broken_h: np.ndarray) -> None:
    """Both runs of a SimCLR switch; the broken one finds its pairs and has ``broken_h``."""
    for config, share, h in ((plan.intact, 0.3, clustered(dataset)), (plan.broken, 0.95, broken_h)):
        run: Run = finished(config, config.broken or "intact")
        write_embeddings(run.path, dataset, h)
        steps = range(1, 13)
        write_rows(run, [{"step": n, "epoch": float(n), "train/contrastive_accuracy": share} for n in steps])


def test_outcome__is_said_from_both_runs_and_beside_the_prediction(tiny_reef: Dataset) -> None:
    noise = np.random.default_rng(0).normal(size=(len(tiny_reef), 16)).astype(np.float32)
    ended(planned("no-jitter", tiny_reef), tiny_reef, noise)
    app = visit("contrast", {**PART, "switch": "no-jitter", "guess": "1,1"})
    text = said(app)
    assert "the training task became easier (contrastive accuracy 95 % instead of 30 %)" in text
    assert "the features became worse" in text
    assert "contrastive accuracy higher. :material/check_circle: It came true." in text
    assert "k-NN accuracy higher. :material/cancel: It was lower." in text
    assert "The intervals are over pictures and steps of these two runs. What another seed changes is not in" in text


@pytest.mark.parametrize(
    ("found", "guess", "says"),
    [
        (1, 1, "higher. :material/check_circle: It came true."),
        (1, -1, "lower. :material/cancel: It was higher."),
        (-1, 0, "about the same. :material/cancel: It was lower."),
        (0, 0, "about the same. :material/check_circle: Nothing speaks against it."),
        (0, 1, "higher. :material/cancel: That does not show here."),
    ],
)
def test_verdict__follows_the_measure(found: int, guess: int, says: str) -> None:
    half, gap = Interval(0.5, 0.4, 0.6), Interval(0.2 * found, 0.2 * found - 0.1, 0.2 * found + 0.1)
    of_both = Measures((Measure(PRETEXT, half, half, gap, 30),), (), (), "")
    assert broken_outcome._verdict("no-jitter", of_both, (guess, 0)) == f"Your prediction: {PRETEXT} {says}"


def test_cost__counts_what_is_left_to_train(tiny_reef: Dataset) -> None:
    plan = planned("no-jitter", tiny_reef)
    one = create_run(plan.intact)
    for pair, says in (
        (Pair(None, None, (plan.intact, plan.broken)), "2 small runs to train"),
        (Pair(one, None, (plan.broken,)), "The intact run is there already. 1 small run to train"),
        (Pair(None, one, (plan.intact,)), "1 small run to train"),
        (Pair(one, one, ()), "Both runs were launched before, so nothing more has to be trained."),
    ):
        assert breaking._cost(pair, tiny_reef).startswith(says)


@pytest.mark.parametrize(
    ("seconds", "says"), [(90.0, "about 3 min on this machine"), (None, "a time that is not known yet on this machine")]
)
def test_cost__is_that_of_all_runs_that_are_missing(
    tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch, seconds: float | None, says: str
) -> None:
    plan = planned("no-jitter", tiny_reef)

    def estimate(config: AnyConfig, data: Dataset) -> SimpleNamespace:
        return SimpleNamespace(seconds=seconds if config.broken else 90.0)

    monkeypatch.setattr(breaking, "estimate_on", estimate)
    said = breaking._cost(Pair(None, None, (plan.intact, plan.broken)), tiny_reef)
    assert said == f"2 small runs to train: {says}."


def test_outcome__says_where_nothing_shows(tiny_reef: Dataset) -> None:
    ended(planned("no-jitter", tiny_reef), tiny_reef, clustered(tiny_reef))
    text = said(visit("contrast", {**PART, "switch": "no-jitter", "guess": "1,0"}))
    assert "no difference shows in the features" in text
    assert "did not show here" in text
    assert "k-NN accuracy about the same. :material/check_circle: Nothing speaks against it." in text


def test_outcome__counts_what_another_seed_changes_as_much_as_no_difference(tiny_reef: Dataset) -> None:
    plan = planned("no-jitter", tiny_reef)
    noise = np.random.default_rng(0).normal(size=(len(tiny_reef), 16)).astype(np.float32)
    ended(plan, tiny_reef, noise)
    other = finished(plan.intact.model_copy(update={"seed": 1}))
    write_embeddings(other.path, tiny_reef, noise)
    text = said(visit("contrast", {**PART, "switch": "no-jitter", "guess": "1,-1"}))
    assert "no difference shows in the features" in text
    assert "another seed of the intact run differs by" in text
    assert "Points by which the intact run with another seed differs" in text
    assert "What another seed changes is not in" not in text


def test_neighbours__are_those_after_the_epoch_that_is_chosen(tiny_reef: Dataset) -> None:
    good = clustered(tiny_reef)
    ended(planned("no-jitter", tiny_reef), tiny_reef, good)
    ids, noise = tuple(tiny_reef.manifest["id"]), np.random.default_rng(0).normal(size=good.shape)
    for run in list_runs():
        for epoch, h in ((0, noise), (12, good)):
            write_snapshot(run.path, ids, epoch, h.astype(np.float32))
    app = visit("contrast", {**PART, "switch": "no-jitter", "guess": "1,0"})
    at_the_end = right(app)
    app.select_slider[0].set_value(0).run()
    assert not app.exception
    assert len(at_the_end) == len(right(app)) == 2
    assert min(at_the_end) > max(right(app))


def test_neighbours__are_of_pictures_that_the_snapshots_hold(tiny_reef: Dataset) -> None:
    ended(planned("no-jitter", tiny_reef), tiny_reef, clustered(tiny_reef))
    val = tiny_reef.rows("val", labelled_only=True)
    usual = val[tiny_reef.labels[val].argmin()]  # of the first class, which is asked wherever it can be
    held = np.setdiff1d(np.arange(len(tiny_reef)), [usual])
    for run in list_runs():
        for epoch in (0, 12):
            write_snapshot(run.path, tuple(tiny_reef.manifest["id"].iloc[held]), epoch, clustered(tiny_reef)[held])
    app = visit("contrast", {**PART, "switch": "no-jitter", "guess": "1,0"})
    assert app.select_slider[0].options == ["0", "12"]


def test_outcome__of_damaged_files_is_what_can_still_be_read(tiny_reef: Dataset) -> None:
    ended(planned("no-jitter", tiny_reef), tiny_reef, clustered(tiny_reef))
    broken, intact = sorted(list_runs(), key=lambda run: not run.broken)
    for run in (intact, broken):
        for epoch in (0, 12):
            write_snapshot(run.path, tuple(tiny_reef.manifest["id"]), epoch, clustered(tiny_reef))
    snapshot_folder(broken.path, 12).with_suffix(".npy").write_bytes(b"damaged")
    link = {**PART, "switch": "no-jitter", "guess": "1,-1"}
    app = visit("contrast", link)
    assert not app.exception
    assert "Only those at the end: The snapshots of run" in said(app)
    assert len(right(app)) == 2
    assert ["There is no model" in error.value for error in app.error] == [True], "it was deleted: said once"
    (broken.path / "embeddings.npy").write_bytes(b"damaged")
    app = visit("contrast", link)
    assert not app.exception
    assert any(f"embeddings of run '{broken.id}' are damaged" in error.value for error in app.error)
    text = said(app)
    assert "contrastive accuracy 95 % instead of 30 %" in text
    assert "no difference shows in the features" not in text
    assert not right(app)
    assert "Both runs over each other" in text


def test_broken_run__is_marked_on_every_page_whatever_it_is_called(tiny_reef: Dataset) -> None:
    run = finished(preset("simclr", "Quick look", broken="no-head"), "My best run")
    assert run_name(run) == "My best run, broken: no projection head"
    write_embeddings(run.path, tiny_reef, clustered(tiny_reef))
    app = visit("runs", {"run": run.id})
    assert app.dataframe[0].value["Method"].tolist() == ["SimCLR, broken: no projection head"]
    labels = [found.label for found in app.button]
    assert "Delete" in labels
    assert not {"Clone", "Train a classifier"} & set(labels), "no usual run begins with it"


@pytest.mark.parametrize(
    ("page", "query"),
    [("contrast", {"section": "learning"}), ("embeddings", {}), ("gallery", {}), ("train", {})],
)
def test_broken_run__is_marked_wherever_it_is_chosen_and_trains_no_other(
    tiny_reef: Dataset, page: str, query: dict[str, str]
) -> None:
    simclr = finished(preset("simclr", "Quick look", data="reef", broken="no-head"), "Mine")
    write_embeddings(simclr.path, tiny_reef, clustered(tiny_reef))
    (simclr.path / MODEL).touch()
    probe = create_run(
        preset("finetune", data="reef", broken="unfrozen-probe", weights=f"run:{simclr.id}"), name="Mine"
    )
    with_predictions(probe, predictions_on(tiny_reef, lambda place: place > 2), tiny_reef.classes, tiny_reef.test_hash)
    app = visit(page, query)
    assert not app.exception
    shown = [option for box in (*app.selectbox, *app.multiselect) for option in box.options if "Mine" in option]
    if page == "train":
        assert not shown
    else:
        assert shown
        assert all("broken: " in option for option in shown)
