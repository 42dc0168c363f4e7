"""The Runs page without a browser: what it says about runs in every state, and what its buttons do."""

import time
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.app_pages.runs import actions, downloads
from dashboard.app_pages.runs.log import last_traceback
from dashboard.data.readable_settings import nearest_preset
from dashboard.parts.runs.table import row
from dashboard.words import ago, key_number, state_words
from sealife_core.config import AnyConfig, chance_loss, parse, preset
from sealife_core.config.settings import nested
from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.classification.predictions import write_predictions
from sealife_core.evaluation.classification.selective import validated
from sealife_core.runs.deletion import delete, trashed
from sealife_core.runs.directory import create_run, list_runs
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.queue import launch
from sealife_core.runs.scheduling.queue_order import waiting_runs
from sealife_core.runs.writer import RunWriter
from sealife_core.studies.grid import build_grid
from tests.dashboard.pages import visit
from tests.finished.runs import predictions_on


def trained(config: AnyConfig, name: str, state: str = "finished", **results) -> Run:
    run = create_run(config, name=name)
    writer = RunWriter(run)
    writer.status(state="running", stage="training", epoch=1, epochs=4, step=0, steps=8, message="")
    writer.environment(chance_loss=chance_loss(16), chance_accuracy=0.1, versions={"torch": "2"})
    for step in range(1, 5):
        writer.metric(step, step / 2, **{"train/loss": 3.0 - step / 10, "train/accuracy": step / 10})
    if results:
        writer.results(**results)
    if state != "running":
        writer.status(state=state, epoch=2, step=4)
    return run


def scored(accuracy: float) -> dict:
    return {
        "n": 100, "chance": 0.1, "accuracy": accuracy, "accuracy_low": accuracy - 0.1, "accuracy_high": accuracy + 0.1,
        "macro_f1": 0.5, "macro_f1_low": 0.4, "macro_f1_high": 0.6, "top3": 0.9, "balanced_accuracy": 0.6, "ece": 0.05,
        "per_class": [{"label": "crab", "n": 10, "precision": 0.5, "recall": 0.6, "f1": 0.55}],
    }  # fmt: skip


def open_runs(**query: str | list[str]) -> AppTest:
    return visit("runs", query)


def text(app: AppTest) -> str:
    elements = (*app.markdown, *app.caption, *app.error, *app.warning, *app.subheader)
    return " ".join(element.value for element in elements)


def button(app: AppTest, label: str):
    return next(found for found in app.button if found.label == label)


def test_page__says_where_a_run_is_recorded_beside_its_directory(tiny_reef):
    run = trained(preset("simclr"), "Recorded")
    assert not open_runs(run=run.id).code
    RunWriter(run).environment(tracking={"wandb_url": "https://wandb.ai/me/sealife/runs/1"})
    offline = run.path / "wandb" / "offline-run-20261124_1-x"
    offline.mkdir(parents=True)
    app = open_runs(run=run.id)
    assert not app.exception
    assert "](https://wandb.ai/me/sealife/runs/1)" in text(app)
    assert [code.value for code in app.code] == [f"wandb sync {offline}"]


def test_page__shows_the_notes_on_a_run(home):
    run = trained(preset("simclr"), "Noted")
    run.write_notes(notes="Hotter than *before*\nsecond line")
    app = open_runs(run=run.id)
    assert not app.exception
    assert "Hotter than \\*before\\*  \nsecond line" in text(app)


def test_list__shows_the_runs_of_a_study_or_all_others(home):
    alone = trained(preset("simclr"), "alone")
    assert not open_runs(run=alone.id).selectbox  # no study, no choice
    study = create_run(
        build_grid("probe", {"label_fraction": [5]}, data="reef", values={"weights": "imagenet"}), name="Grid"
    )
    create_run(preset("probe", weights="imagenet"), name="part", study=study.id)

    def listed(app: AppTest) -> list[str]:
        assert not app.exception
        return list(app.dataframe[0].value["Run"])

    app = open_runs(run=alone.id)
    assert listed(app) == ["part", "alone"]
    assert app.selectbox(key="of").options == ["All runs", "Runs outside studies", "Of the study “Grid”"]
    assert listed(app.selectbox(key="of").select("alone").run()) == ["alone"]
    assert listed(app.selectbox(key="of").select(study.id).run()) == ["part"]
    assert app.query_params["run"] == alone.id  # what is looked at stays, whether or not it is listed


def test_page__without_runs_offers_to_train(home):
    app = open_runs()
    assert not app.exception
    assert "No runs yet" in text(app)
    assert button(app, "Train a network")


def test_page__shows_the_run_of_the_url(home):
    first = trained(preset("simclr", data="reef"), "the first")
    trained(preset("simclr", data="reef"), "the second")
    app = open_runs(run=first.id)
    assert not app.exception
    assert "2 of 4 epochs" in text(app)
    headings = " ".join(str(element.proto) for element in app.get("html"))
    assert "the first" in headings
    assert "the second" not in headings


def test_page__a_failure_says_what_and_what_next(home):
    run = trained(preset("simclr", data="reef"), "failing")
    RunWriter(run).status(state="failed", error={"what": "Out of memory at 512.", "next": "Try 256."})
    app = open_runs(run=run.id)
    assert "Out of memory at 512\\." not in text(app)
    assert "Out of memory at 512." in text(app)
    assert "Try 256." in text(app)
    assert button(app, "Resume")


def test_page__a_damaged_resume_point_is_named_and_offers_a_new_beginning(tiny_reef, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sealife_core.runs.scheduling.queue._spawn_dispatcher", lambda root: None)
    run = trained(preset("simclr", data="reef"), "struck", state="stopped")
    (run.path / "last.ckpt").touch()
    app = open_runs(run=run.id)
    assert "it is empty" in text(app)
    assert "Start the run from the beginning" in text(app)
    assert not any(found.label == "Resume" for found in app.button)
    button(app, "Start from the beginning").click().run()
    assert run.shown().message == "waiting to start from the beginning"
    assert run.metrics() == []


def test_notes__that_somebody_else_saved_meanwhile_are_shown_and_none_are_lost(home):
    run = trained(preset("simclr", data="reef"), "one")
    app = open_runs(run=run.id)
    run.write_notes(notes="theirs", tags=["their tag"])
    app.text_area(key=f"notes.{run.id}.notes").set_value("mine")
    app.text_input(key=f"notes.{run.id}.name").set_value("Dusk")
    button(app, "Save").click().run()
    assert "Somebody else has changed the notes to 'theirs' meanwhile" in text(app)
    assert (run.notes()["notes"], run.notes()["name"]) == ("theirs", "one")
    field = app.text_area(key=f"notes.{run.id}.notes")
    assert field.value == "mine"
    field.set_value("theirs, mine")
    button(app, "Save").click().run()
    assert not app.exception
    assert "Saved what you wrote about **Dusk**" in text(app)
    assert run.notes() == {"name": "Dusk", "tags": ["their tag"], "notes": "theirs, mine", "study": ""}
    assert app.text_input(key=f"notes.{run.id}.tags").value == "their tag"


def test_notes__are_those_on_disk_whenever_the_page_is_opened(home):
    run = trained(preset("simclr", data="reef"), "one")
    app = open_runs(run=run.id)
    run.write_notes(notes="theirs")
    app.switch_page("app_pages/home/page.py").run()
    app.query_params["run"] = run.id
    app.switch_page("app_pages/runs/page.py").run()
    assert app.text_area(key=f"notes.{run.id}.notes").value == "theirs"


def test_page__tells_the_training_time_of_all_attempts_and_none_that_nobody_measured(home):
    both = trained(preset("simclr", data="reef"), "both", train_s=95.0)
    assert "trained for 2 min" in text(open_runs(run=both.id))
    failed = trained(preset("simclr", data="reef"), "failed", state="failed")
    assert "trained for" not in text(open_runs(run=failed.id))


def test_page__survives_a_damaged_run(home):
    run = create_run(preset("simclr", data="reef"), name="broken")
    (run.path / "config.json").write_text("{half")
    app = open_runs(run=run.id)
    assert not app.exception
    assert "damaged" in text(app)


def test_page__lays_several_runs_over_each_other(home):
    ids = [trained(preset("simclr", data="reef", seed=seed), f"run {seed}").id for seed in (0, 1)]
    app = open_runs(run=ids)
    assert not app.exception
    assert "Settings that differ" in text(app)


def test_page__leads_to_the_comparison_of_what_is_ticked(home):
    ids = [
        trained(preset("scratch", data="reef", seed=seed), f"run {seed}", test=scored(0.5), test_hash="same").id
        for seed in range(3)
    ]
    app = open_runs(run=ids[:2])
    button(app, "Compare classifiers").click().run()
    assert not app.exception
    assert "Accuracy on 100 test pictures" in text(app)
    assert app.query_params["compare"] == ids[:2]


def test_page__a_name_is_never_markup(home):
    run = trained(preset("simclr", data="reef"), "<script>alert(1)</script> **b**")
    app = open_runs(run=run.id)
    html = " ".join(str(element.proto) for element in app.get("html"))
    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html


def test_delete__goes_to_the_trash_and_comes_back(home):
    run = trained(preset("simclr", data="reef"), "going")
    app = open_runs(run=run.id)
    button(app, "Delete").click().run()
    assert list_runs() == []
    assert "in the trash" in text(app)
    button(app, "Undo").click().run()
    assert [found.id for found in list_runs()] == [run.id]
    assert "is back" in text(app)


def test_trash__is_emptied_and_says_what_that_freed(home):
    kept, gone = (trained(preset("simclr", data="reef", seed=seed), f"run {seed}") for seed in (0, 1))
    (gone.path / "model.safetensors").write_bytes(bytes(3_000_000))
    app = open_runs(run=kept.id)
    assert "Empty the trash" not in [found.label for found in app.button]
    delete(gone)
    app.run()
    button(app, "Empty the trash").click().run()
    assert not app.exception
    assert "3.0 MB freed" in text(app)
    assert trashed() == []
    assert [run.id for run in list_runs()] == [kept.id]


def test_stop__asks_the_run_and_says_so(home):
    run = trained(preset("simclr", data="reef"), "going on", state="running")
    app = open_runs(run=run.id)
    next(found for found in app.button if found.label == "Stop" and found.key is None).click().run()
    assert run.stop_requested()
    assert "**going on** stops after the current batch and saves what it has learned." in text(app)


@pytest.fixture
def nobody(monkeypatch) -> None:
    """No dispatcher is started: the queue alone."""
    monkeypatch.setattr("sealife_core.runs.scheduling.queue._spawn_dispatcher", lambda root: None)


def test_stop__of_a_run_that_waits_says_that_it_never_began(home, nobody):
    run = create_run(preset("simclr", data="reef"), name="Dusk")
    launch(run)
    app = open_runs(run=run.id)
    next(found for found in app.button if found.label == "Stop" and found.key is None).click().run()
    assert "**Dusk** was stopped before it began." in text(app)


def test_move_up__a_run_that_waits_says_when_it_begins_and_can_be_moved(tiny_reef, nobody):
    first, second, third = (create_run(preset("simclr", epochs=3), name=name) for name in ("one", "two", "three"))
    for run in (first, second, third):
        launch(run)
    app = open_runs(run=third.id)
    waiting = "begins after 2 runs (how long they take is not known yet)"
    assert f"waiting for its turn · {waiting}" in app.get("progress")[0].proto.text
    assert "queued, behind 2 runs" in app.dataframe[0].value["State"].iloc[0]
    button(app, "Move up").click().run()
    assert "**three** was moved up: it begins after 1 run" in text(app)
    assert [run.notes()["name"] for run in waiting_runs(first.root)] == ["one", "three", "two"]
    button(app, "Move to the front").click().run()
    assert not app.exception
    assert [run.notes()["name"] for run in waiting_runs(first.root)] == ["three", "one", "two"]
    assert "Move up" not in [found.label for found in app.button]


def test_table__says_state_age_and_key_number(home):
    run = trained(preset("scratch", data="reef"), "mine", test=scored(0.625))
    told = row(run, time.time() + 300)
    assert told["State"] == "✓ finished 5 min ago"
    assert (told["Method"], told["Result"], told["Data"]) == ("From scratch", "62.5 % test", "reef")


def test_table__a_running_run_says_its_epoch(home):
    run = trained(preset("simclr", data="reef"), "mine", state="running")
    assert state_words(run, time.time()) == "◐ running, epoch 1 of 4"
    assert key_number(run) == ""


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "just now"), (42, "42 s ago"), (7200, "2 h 0 min ago"), (3 * 86400, "3 days ago")]
)
def test_ago__is_what_people_say(seconds, words):
    assert ago(seconds) == words


def test_clone__fills_the_form_with_what_gives_the_same_config():
    config = preset("transfer", "Quick look", data="reef", dropout=0.45)
    assert parse(type(config), nested(actions.form_values(config))) == config


def test_settings__name_the_nearest_preset_and_what_was_changed():
    assert nearest_preset(preset("simclr", "Thorough")) == ("Thorough", [])
    assert nearest_preset(preset("simclr", "Thorough", temperature=0.5)) == ("Thorough", ["temperature"])
    assert nearest_preset(preset("simclr", "Thorough", wandb="on", tensorboard=True)) == ("Thorough", [])


def test_results__of_a_continuation_say_that_it_kept_its_start(tiny_reef):
    val = {"n": 50, "chance": 0.1, "knn_accuracy": 0.7, "knn_low": 0.6, "knn_high": 0.8, "effective_rank": 9.0}
    kept = {"kept_epoch": 0, "start": {"knn_accuracy": 0.7, "n": 50}, "gain": {"value": 0.0, "low": 0.0, "high": 0.0}}
    run = trained(preset("continue"), "Continued", val=val, **kept)
    app = open_runs(run=run.id, tab="Results")
    assert not app.exception
    assert "Kept the start: no epoch reached a higher k-NN accuracy than its 70.0 % on 50 validation" in text(app)


def test_results__of_features_without_labels_say_so_and_show_no_scores(tiny_reef):
    run = trained(preset("embed", data="reef"), "Features", val={"n": 0, "chance": 1.0, "effective_rank": 9.0})
    app = open_runs(run=run.id, tab="Results")
    assert not app.exception
    assert "Too few pictures have a label" in text(app)
    assert "stopped before its test" not in text(app)
    assert not app.metric


def test_results__of_a_classifier_can_be_downloaded(classifier: Run):
    writer = RunWriter(classifier)
    writer.results(test={"n": 10, "chance": 0.1, "accuracy": 0.5})
    writer.status(state="finished")
    app = open_runs(run=classifier.id, tab="Results")
    assert not app.exception
    assert [button.label for button in app.get("download_button")] == ["Test predictions (CSV)", "Model (zip)"]
    assert downloads._predictions(classifier).startswith("file,id,class,predicted,confidence,calibrated,right")
    assert downloads._model(classifier).startswith(b"PK")
    assert "that it never saw in training" in text(app)


def test_results__download_the_calibrated_confidence_where_validation_says_it(classifier: Run, tiny_reef):
    tables = {split: predictions_on(tiny_reef, lambda place: place % 3 == 0, split, 0.95) for split in ("val", "test")}
    write_predictions(pd.concat(tables.values(), ignore_index=True), classifier.path)
    table = pd.read_csv(StringIO(downloads._predictions(classifier)))
    known = validated(classifier.path, tiny_reef.classes)
    np.testing.assert_allclose(table["calibrated"], known.confidence["test"], rtol=1e-6)
    assert (table["calibrated"] < table["confidence"] - 0.1).all(), "a third was wrong at 95 %"
    write_predictions(tables["test"], classifier.path)
    assert "calibrated" not in downloads._predictions(classifier)


def test_results__of_tests_that_the_encoder_had_learned_from_say_so(classifier: Run):
    writer = RunWriter(classifier)
    writer.results(test={"n": 10, "chance": 0.1, "accuracy": 0.5, "learned_before": 3})
    writer.status(state="finished")
    app = open_runs(run=classifier.id, tab="Results")
    assert "On 10 test pictures, 3 of which its encoder had seen in training" in text(app)
    assert "never saw" not in text(app)


def test_a_run__says_which_version_it_saw_and_leads_to_what_was_corrected_since(tiny_reef: Dataset):
    run = trained(preset("simclr", data="reef", data_hash=tiny_reef.content_hash), "Corals")
    assert text(open_runs(run=run.id)).count("on reef") == 1
    correct(tiny_reef, {tiny_reef.manifest["id"][0]: {"label": "ray"}})
    app = open_runs(run=run.id)
    assert "on reef, as it was imported" in text(app)
    assert "1 correction since: 1 picture relabelled." in text(app).replace("\\", "")
    next(button for button in app.button if button.label == "History").click().run()
    assert not app.exception
    assert app.title[0].value == "Data"
    assert app.query_params["look"] == "History"


def test_last_traceback__is_the_last_one_up_to_its_error():
    lines = ["a", "Traceback (most recent call last):", "  x", "OldError: 1", "b"]
    lines += ["Traceback (most recent call last):", '  File "y"', "    z", "NewError: 2", "c"]
    assert last_traceback(lines) == lines[5:9]
    assert last_traceback(["nothing", "here"]) == []
