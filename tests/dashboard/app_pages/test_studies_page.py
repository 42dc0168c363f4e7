"""The Studies page without a browser: the form, what it starts, and what a study says."""

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import NumberInput

from dashboard.app_pages.studies import study_view
from dashboard.data.charts.study_charts import labels_option, pairs_option, sweep_option
from dashboard.parts.runs.strip import active_runs
from sealife_core.config import Axis, ClassifierConfig, Part, StudyConfig, build_search, preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.comparison.learning_curve import AccuracyForecast
from sealife_core.runs.deletion import trashed
from sealife_core.runs.directory import create_run, list_runs
from sealife_core.runs.liveness import State
from sealife_core.runs.run import STUDY, TRIALS, Run
from sealife_core.runs.scheduling.queue import write_status
from sealife_core.studies.grid import build_grid
from sealife_core.studies.helps import HELPS
from sealife_core.studies.questions import IMBALANCE, LABELS, QUESTIONS, TEMPERATURE, VIEWS, build_study
from sealife_core.studies.study_results import CellResult, over_seeds, part_results
from sealife_core.studies.study_settings import FULL, IMAGENET, IMAGENET_SIMCLR, PROBE
from tests.dashboard.pages import visit
from tests.finished.studies import finished_study


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are queued, and stay so."""
    monkeypatch.setattr("sealife_core.runs.scheduling.queue._spawn_dispatcher", lambda root: None)


def open_studies(**query: str) -> AppTest:
    return visit("studies", query)


def text(app: AppTest) -> str:
    elements = (*app.markdown, *app.caption, *app.error, *app.warning)
    return " ".join(element.value for element in elements).replace("\\", "")


def button(app: AppTest, label: str):
    return next(found for found in app.button if label in found.label)


def right(part: Part) -> float | None:
    """SimCLR's encoders are worth thirty points, labels the rest; seeds differ by one."""
    config = part.config
    share = config.label_fraction / 100 if isinstance(config, ClassifierConfig) else 0
    return 0.1 + 0.3 * config.weights.startswith("run:") + 0.4 * share + 0.01 * config.seed


def study_of(question: str, dataset: Dataset, **more: object) -> StudyConfig:
    return build_study(question, data="reef", data_hash=dataset.content_hash, **more)  # type: ignore[arg-type]


def test_form__starts_the_number_of_seeds_that_was_typed_last_and_none_out_of_range(tiny_reef: Dataset) -> None:
    def seeds() -> NumberInput:
        return next(field for field in app.number_input if field.label == "Seeds")

    app = open_studies()
    seeds().set_value(0).run()
    assert "'seeds' is 0; expected a whole number from 1 to 100." in text(app)
    assert button(app, "Start the study").disabled
    seeds().set_value(1).run()
    seeds().set_value(3)  # in one message with the click, as from a field that is left by it
    button(app, "Start the study").click().run()
    (run,) = list_runs()
    assert {part.config.seed for part in run.request().parts} == {0, 1, 2}  # type: ignore[union-attr]


def test_form__says_what_a_study_takes_and_starts_it_once(tiny_reef: Dataset) -> None:
    app = open_studies()
    assert not app.exception
    assert QUESTIONS[LABELS].title in app.radio[0].options
    figures = " ".join(str(element.proto) for element in app.get("html"))
    assert "<b>26</b>" in figures
    button(app, "Start the study").click().run()
    assert not app.exception
    (run,) = list_runs()
    assert run.launches_runs
    assert run.state() is State.QUEUED
    assert run.request() == study_of(LABELS, tiny_reef)
    assert "0 of 26 runs" in " ".join(str(bar.proto) for bar in app.get("progress"))


def test_form__without_encoders_starts_nothing(tiny_reef: Dataset) -> None:
    app = open_studies()
    next(group for group in app.button_group if group.label == "Encoders").set_value([]).run()
    assert "Choose at least one encoder" in text(app)
    assert button(app, "Start the study").disabled


@pytest.mark.parametrize("question", QUESTIONS)
def test_form__offers_every_question(tiny_reef: Dataset, question: str) -> None:
    app = open_studies(question=question)
    assert not app.exception
    assert not button(app, "Start the study").disabled


@pytest.mark.parametrize("question", QUESTIONS)
def test_view__draws_every_question_with_its_answer(tiny_reef: Dataset, question: str) -> None:
    run = finished_study(study_of(question, tiny_reef), right)
    app = open_studies(study=run.id)
    assert not app.exception
    assert "All runs were tested on the same 100 images" in text(app)
    assert ":material/lightbulb:" in text(app)


def test_form__of_the_verdict_says_what_gain_these_images_and_seeds_can_show(tiny_reef: Dataset) -> None:
    app = open_studies(question=HELPS)
    images = len(tiny_reef.rows("test", labelled_only=True))
    assert f"With {images} test images and 3 seeds, a gain of about" in text(app)
    next(field for field in app.number_input if field.label == "Seeds").set_value(1).run()
    assert "A verdict needs 2 seeds or more" in text(app)


def test_view__of_the_verdict_says_it_and_what_more_labels_would_bring(tiny_reef: Dataset) -> None:
    study = study_of(HELPS, tiny_reef)

    def right(part: Part) -> float:
        labels = {1: 0.2, 2: 0.3, 5: 0.4, 10: 0.45, 20: 0.5, 50: 0.55, "all": 0.6}.get(part.cell.get("labels"), 0.5)  # type: ignore[arg-type]
        better = 0.1 * (part.cell.get("encoder") == IMAGENET_SIMCLR) + 0.05 * (part.cell.get("use") == PROBE)
        return labels + better + 0.01 * part.config.seed

    app = open_studies(study=finished_study(study, right).id)
    assert not app.exception
    assert "Yes: ImageNet → SimCLR (linear probe) gains 10.0 points" in text(app)
    assert "Forecast for ImageNet → SimCLR (linear probe): with 2 × as many labels (160 per class) expect" in text(app)


def test_chart__goes_on_with_the_forecast_as_a_dotted_line_within_its_interval(tiny_reef: Dataset) -> None:
    run = finished_study(study_of(HELPS, tiny_reef), lambda part: 0.5)
    cells = over_seeds(part_results(run))
    told = {(IMAGENET, PROBE): [AccuracyForecast(160, 0.55, 0.5, 0.6), AccuracyForecast(320, 0.6, 0.5, 0.7)]}
    plain, longer = (labels_option(cells, 10, 0.1, "#000", more)["series"] for more in (None, told))
    (line,) = [one for one in longer if one.get("lineStyle", {}).get("type") == "dotted"]
    assert line["data"] == [[80.0, 50.0], [160, 55.0], [320, 60.0]]
    (low, width) = [one for one in longer if one.get("stack") == line["name"]]
    assert low["data"] == [[80.0, 50.0], [160, 50.0], [320, 50.0]]
    assert width["data"] == [[80.0, 0.0], [160, 10.0], [320, 20.0]]
    assert len(longer) == len(plain) + 3


def test_view__draws_a_grid_of_two_axes(tiny_reef: Dataset) -> None:
    axes = {"label_fraction": [5, 50], "weight_decay": [0.1, 0.01]}
    run = finished_study(build_grid("probe", axes, data="reef", values={"weights": "imagenet"}), right)
    app = open_studies(study=run.id)
    assert not app.exception
    assert "Every combination" in text(app)


def test_view__names_what_is_missing(tiny_reef: Dataset) -> None:
    study = study_of(TEMPERATURE, tiny_reef)
    failed = study.parts[-1].key
    run = finished_study(study, lambda part: None if part.key == failed else right(part))
    app = open_studies(study=run.id)
    assert "1 run is missing" in text(app)
    assert f"{failed}: The loss became nan." in text(app)


def test_view__offers_to_resume_what_was_stopped(tiny_reef: Dataset) -> None:
    run = finished_study(study_of(TEMPERATURE, tiny_reef), right, State.STOPPED)
    app = open_studies(study=run.id)
    button(app, "Resume").click().run()
    assert run.state() is State.QUEUED


def test_view__of_a_damaged_study_says_so_and_lets_it_be_deleted(tiny_reef: Dataset) -> None:
    run = create_run(study_of(TEMPERATURE, tiny_reef))
    (run.path / "config.json").write_text('{"kind": "study", "parts": []}')
    app = open_studies(study=run.id)
    assert not app.exception
    assert "The setting 'title' is missing" in text(app)
    button(app, "Delete only the study").click().run()
    assert list_runs() == []


def test_delete__asks_about_the_runs(tiny_reef: Dataset) -> None:
    run = finished_study(study_of(TEMPERATURE, tiny_reef), right)
    app = open_studies(study=run.id)
    assert "It made 12 runs" in text(app)
    button(app, "Delete the study and its 12 runs").click().run()
    assert not app.exception
    assert list_runs() == []
    assert len(trashed()) == 13
    button(app, "Undo").click().run()
    assert not app.exception
    assert len(list_runs()) == 13
    assert app.query_params["study"] == run.id


def test_strip__shows_a_study_for_the_runs_it_made(tiny_reef: Dataset) -> None:
    study = create_run(study_of(TEMPERATURE, tiny_reef))
    mine, part = (create_run(preset("simclr"), study=by) for by in ("", study.id))
    for run in (study, mine, part):
        write_status(run, state=State.QUEUED)
    assert active_runs() == [study, mine]
    write_status(study, state=State.STOPPED)
    assert {run.id for run in active_runs()} == {mine.id, part.id}


def parts(run: Run):
    return part_results(run)


def test_labels_chart__has_a_line_an_encoder_and_use_over_labels_a_class(tiny_reef: Dataset) -> None:
    run = finished_study(study_of(LABELS, tiny_reef), right)
    option = labels_option(over_seeds(parts(run)), 10, 0.1, "#000")
    lines = {one["name"]: one["data"] for one in option["series"] if "name" in one}
    assert [x for x, _ in lines["SimCLR, linear probe"]] == [4, 20, 80]
    assert lines["SimCLR, linear probe"][-1][1] == pytest.approx(80.5)
    assert len(lines) == 4
    low, width = (one["data"] for one in option["series"] if one.get("stack") == "SimCLR, linear probe")
    assert (low[0][1], width[0][1]) == (pytest.approx(42), pytest.approx(1))


def test_sweep_chart__puts_the_paper_beside_it_where_it_has_figures(tiny_reef: Dataset) -> None:
    run = finished_study(study_of(TEMPERATURE, tiny_reef), right)
    option = sweep_option(parts(run), TEMPERATURE, "temperature", "#0B7285", "#000")
    paper = next(one for one in option["series"] if one.get("name") == "SimCLR paper, ImageNet")
    assert paper["data"] == [["0.05", 59.7], ["1", 58.0]]


def test_pairs_chart__is_a_symmetric_matrix_and_missing_in_a_quick_study(tiny_reef: Dataset) -> None:
    quick = finished_study(study_of(VIEWS, tiny_reef, seeds=1), right)
    assert pairs_option(over_seeds(parts(quick)), "#0B7285", "#000") is None
    full = finished_study(study_of(VIEWS, tiny_reef, seeds=1, size=FULL), right)
    option = pairs_option(over_seeds(parts(full)), "#0B7285", "#000")
    assert option is not None
    squares = {(a, b): value for a, b, value in option["series"][0]["data"]}
    assert len(squares) == 25
    assert all(squares[a, b] == squares[b, a] for a, b in squares)


def test_imbalance__is_drawn_for_each_ratio(tiny_reef: Dataset) -> None:
    run = finished_study(study_of(IMBALANCE, tiny_reef, seeds=1, size=FULL), right)
    said = text(open_studies(study=run.id))
    assert all(f"Rarest class reduced to 1 : {ratio}" in said for ratio in (1, 10, 50))


def test_imbalance__tells_who_does_not_see_it_what_each_chart_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(study_view, "_draw", lambda title, option, words, height: drawn.append(words))
    monkeypatch.setattr(study_view, "ink", lambda: "#000000")
    cells = [CellResult({"ratio": 10.0, "loss": "focal"}, 1, share, share, share, None, None) for share in (0.5, 0.25)]
    monkeypatch.setattr(study_view, "over_seeds", lambda parts, what: [cells[what == "rarest_f1"]])
    study_view._imbalance([SimpleNamespace(cell={"ratio": 10.0})])  # type: ignore[list-item]
    (words,) = drawn
    assert words == "macro-F1: 10.0, focal: 50.0 %. F1 of the rarest class: 10.0, focal: 25.0 %"


def assert_says_damaged(app: AppTest, file: str) -> None:
    assert not app.exception
    (said,) = [error.value for error in app.error]
    assert said.startswith(f"{file} ")
    assert "damaged" in said


@pytest.mark.parametrize("damage", ["{half", '{"runs": {"a": 5}}'])
def test_view__of_a_study_whose_progress_is_damaged_says_so(tiny_reef: Dataset, damage: str) -> None:
    run = finished_study(study_of(TEMPERATURE, tiny_reef), right)
    (run.path / STUDY).write_text(damage)
    app = open_studies(study=run.id)
    assert_says_damaged(app, "study.json")
    assert "with a damaged file" in text(app)


@pytest.mark.parametrize(
    ("damage", "left_out"),
    [("{half", 0), ('{"trials": [{"number": 1, "values": {}, "state": "ended"}]}', 1)],
)
def test_view__of_a_search_whose_trials_are_damaged_says_so(tiny_reef: Dataset, damage: str, left_out: int) -> None:
    base = preset("scratch", "Quick look", data="reef")
    run = create_run(build_search(base, [Axis(path="learning_rate", low=1e-4, high=1e-2)], trials=8))
    write_status(run, state=State.FINISHED)
    (run.path / TRIALS).write_text(damage)
    app = open_studies(study=run.id)
    assert_says_damaged(app, "search.json")
    assert ("Not shown: 1 trial that cannot be read." in text(app)) == bool(left_out)


def test_name__of_a_study_that_somebody_else_changed_is_not_written_over(tiny_reef: Dataset) -> None:
    run = finished_study(study_of(TEMPERATURE, tiny_reef), right)
    app = open_studies(study=run.id)
    run.write_notes(name="theirs")
    app.text_input(key=f"notes.{run.id}.name").set_value("mine")
    button(app, "Save").click().run()
    assert "Somebody else has changed the name to 'theirs' meanwhile" in text(app)
    assert run.notes()["name"] == "theirs"
    button(app, "Save").click().run()
    assert run.notes()["name"] == "mine"
