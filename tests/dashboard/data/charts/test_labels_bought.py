"""What the labels have bought: what is drawn of it, and what is said."""

from dashboard.data.charts.labels_bought import NOW, THEN, Ahead, Trained, accuracy_option, forecasts, says, trained
from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.comparison.learning_curve import AccuracyForecast
from sealife_core.evaluation.curation.label_queue import Bought
from sealife_core.runs.directory import create_run
from sealife_core.runs.writer import RunWriter
from tests.finished.runs import predictions_on, with_predictions


def test_bought__has_a_ring_for_each_model_at_the_labels_it_had(tiny_reef: Dataset) -> None:
    config = preset("classify", data="reef", data_hash=tiny_reef.content_hash)
    run = with_predictions(
        create_run(config, name="First"), predictions_on(tiny_reef, lambda place: place >= 6), tiny_reef.classes,
        labels_used=40,
    )  # fmt: skip
    untested = create_run(config, name="Second")
    RunWriter(untested).status(state="finished")
    (model,) = trained([run, untested])
    assert (model.name, model.labels, model.low < model.accuracy < model.high) == ("First", 40, True)
    points = [Bought(n, n, 30, 30, share, share - 0.1, share + 0.1) for n, share in ((10, 0.3), (20, 0.5))]
    ahead = Ahead(points[-1], AccuracyForecast(40, 0.6, 0.5, 0.7))
    option = accuracy_option(points, {NOW: ahead}, [model], "#0B7285", "#000")
    series = {one["name"]: one["data"] for one in option["series"] if "name" in one}
    assert series["trained"] == [{"name": "First", "value": [40, round(100 * model.accuracy, 2)]}]
    assert series["forecast"] == [[20, 50], [40, 60]]
    assert series["accuracy"] == [[10, 30], [20, 50]]


def test_bought__says_what_more_labels_would_bring_only_where_it_is_known() -> None:
    last = Bought(40, 34, 6, 6, 0.5, 0.19, 0.81)
    now = "A model that learns from 34 labels is right on 3 of 6 random pictures: 50 % (19 % to 81 %)."
    assert says(last, None) == now
    assert (
        says(last, Ahead(last, AccuracyForecast(68, 0.6, 0.35, 0.8)))
        == f"{now} With 68 labels expect 60 % (35 % to 80 %)."
    )
    assert "3 of 6 validation pictures" in says(Bought(40, 34, 6, 1, 0.5, 0.19, 0.81), None)


def test_bought__keeps_what_was_expected_when_a_model_was_trained_on_fewer_labels(tiny_reef: Dataset) -> None:
    learning = {5: 0.3, 10: 0.4, 20: 0.5, 30: 0.6}
    points = [Bought(n, n, 30, 30, share, share - 0.1, share + 0.1) for n, share in learning.items()]
    models = [Trained(str(labels), labels, 0.5, 0.3, 0.7) for labels in (20, 30)]
    found = forecasts(points, models, tiny_reef)
    goes_on = {name: (one.start.learned, one.told.labels) for name, one in found.items()}
    assert goes_on == {NOW: (30, 60), THEN: (20, 40)}
    assert list(forecasts(points[:3], models, tiny_reef)) == [NOW]
    assert forecasts([], models, tiny_reef) == {}
