"""What the charts of runs say, read from their options."""

import json
import math
from itertools import combinations, pairwise

import pytest

from dashboard.data.charts.echarts import apart
from dashboard.data.charts.epoch_charts import LABEL_PX, PLOT_PX, curve_option
from dashboard.data.metric_curves import Curve, curves_of
from dashboard.data.panels import CLASSIFIER_PANELS, SIMCLR_PANELS
from sealife_core.config import chance_loss

LOSS = SIMCLR_PANELS[0]


def rows(n: int, key: str = "train/loss") -> list[dict]:
    return [{"step": i + 1, "epoch": (i + 1) / 10, "time": float(i), key: 5.0 - i / n} for i in range(n)]


def test_curve_option__shows_the_line_of_chance_inside_the_chart():
    level = chance_loss(128)
    option = curve_option(LOSS, curves_of(LOSS, rows(50), "#112233"), [level], "#777777", 5.0)
    mark = option["series"][-1]["markLine"]["data"][0]
    assert mark["yAxis"] == level
    assert "5.54" in mark["label"]["formatter"]
    assert option["yAxis"]["min"] < 4.1 < level < option["yAxis"]["max"]
    assert option["series"][0]["color"] == "#112233"


@pytest.mark.parametrize(
    ("ends", "side"),
    [([], "insideEndTop"), ([5.5], "insideStartTop"), ([5.5, 4.5], "insideStartTop"), ([40.0, 0.5], "insideEndTop")],
)
def test_curve_option__names_the_line_of_chance_where_no_curve_is(ends: list[float], side: str):
    curves = [Curve("fell", "#1", [[0, 40.0], [1, 30.0], *[[at, end] for at in (8, 9, 10)]]) for end in ends]
    (mark,) = curve_option(LOSS, curves, [5.0], "#777777", 10.0)["series"][-1]["markLine"]["data"]
    assert mark["label"]["position"] == side


@pytest.mark.parametrize("panel", [*SIMCLR_PANELS, *CLASSIFIER_PANELS], ids=lambda panel: panel.name)
def test_curve_option__is_json_and_every_panel_teaches(panel):
    found = [{"epoch": 1.0, **{line.key: 0.5 for line in panel.lines}}]
    option = curve_option(panel, curves_of(panel, found, "#112233"), (), "#777777", 1.0)
    json.dumps(option, allow_nan=False)
    assert panel.says.endswith(".")
    assert option["yAxis"]["min"] < option["series"][0]["data"][0][1] < option["yAxis"]["max"]


def test_curve_option__percentages_are_of_a_hundred():
    knn = next(panel for panel in SIMCLR_PANELS if panel.name == "knn")
    curves = curves_of(knn, [{"epoch": 5.0, "val/knn_accuracy": 0.275}], "#112233")
    assert curves[0].points == [[5.0, 27.5]]


def test_curve_option__runs_share_one_legend_above_the_charts():
    two = [Curve("a", "#111111", [[1.0, 2.0]]), Curve("b", "#222222", [[1.0, 3.0]])]
    assert curve_option(LOSS, two, (), "#777777", 1.0)["legend"]["show"] is False
    same = [Curve("training", "#111111", [[1.0, 2.0]], faint=True), Curve("validation", "#111111", [[1.0, 3.0]])]
    assert curve_option(LOSS, same, (), "#777777", 1.0)["legend"]["show"] is True


def test_curve_option__names_a_curve_at_its_end_and_leaves_room_for_it():
    two = [Curve(name, colour, [[1, 2.0], [2, 1.0]], end=name) for name, colour in (("Intact", "#1"), ("Broken", "#2"))]
    option = curve_option(LOSS, two, (), "#777777", 2.0)
    assert [line["endLabel"]["formatter"] for line in option["series"]] == ["Intact", "Broken"]
    unnamed = curve_option(LOSS, [Curve("a", "#1", [[1, 2.0]])], (), "#777777", 2.0)
    assert "endLabel" not in unnamed["series"][0]
    assert unnamed["grid"]["right"] < option["grid"]["right"]


@pytest.mark.parametrize("ends", [(22.0, 20.3), (20.0, 20.0), (4.0, 5.0, 4.2, 80.0), (0.0, 0.0, 0.0), (3.0, 90.0)])
@pytest.mark.parametrize("log", [False, True])
def test_curve_option__names_at_the_ends_of_curves_never_lie_over_each_other(ends: tuple[float, ...], log: bool):
    lines = [Curve(str(end), "#1", [[1, 30.0], [2, end + log]], end=str(end)) for end in ends]
    option = curve_option(LOSS, lines, (), "#777777", 2.0, log=log)
    axis = option["yAxis"]
    scale = math.log if log else float
    px = PLOT_PX / (scale(axis["max"]) - scale(axis["min"]))
    shifts = [line["endLabel"]["offset"][1] for line in option["series"]]
    tops = [-px * scale(end + log) + shift for end, shift in zip(ends, shifts, strict=True)]
    gaps = [below - above for above, below in pairwise(sorted(tops))]
    assert min(gaps) >= LABEL_PX - 1, "to whole pixels"
    assert sorted(range(len(ends)), key=tops.__getitem__) == sorted(range(len(ends)), key=lambda i: -ends[i])
    if min(abs(a - b) for a, b in combinations(ends, 2)) * px > LABEL_PX and not log:
        assert not any(shifts), "there was room"


@pytest.mark.parametrize("value", [math.log(511), 1.0, 0.0, 1e-6, -3.0])
@pytest.mark.parametrize("log", [False, True])
def test_curve_option__of_flat_curves_has_room_above_and_below(value: float, log: bool):
    flat = [Curve(str(step), "#1", [[1, value], [2, value + step]], end=str(step)) for step in (0.0, abs(value) * 3e-5)]
    axis = curve_option(LOSS, flat, () if log else (value,), "#777777", 2.0, log=log)["yAxis"]
    assert axis["min"] < axis["max"]
    assert axis["min"] <= value <= axis["max"] or (log and value <= 0)


def test_curve_option__levels_of_guessing_that_lie_close_share_a_label():
    knn = next(panel for panel in SIMCLR_PANELS if panel.name == "knn")
    option = curve_option(knn, [Curve("a", "#1", [[1, 60.0]])], [4.3, 5.0, 30.0], "#777777", 1.0)
    labels = [mark["label"] for mark in option["series"][-1]["markLine"]["data"]]
    assert [label["formatter"] for label in labels if label["show"]] == ["guessing 4.3, 5.0 %", "guessing 30.0 %"]


@pytest.mark.parametrize(
    ("places", "moved"),
    [([5, 40], [5, 40]), ([40, 5], [40, 5]), ([50, 50, 50], [40, 50, 60]), ([0, 1], [0, 10]), ([99, 100], [90, 100])],
)
def test_apart__moves_as_little_as_it_can_within_the_ends(places: list[float], moved: list[float]):
    assert apart(places, 10, 100) == pytest.approx(moved)
    assert apart([3.0] * 30, 10, 100)[-1] == 100, "no room: as far as fits"


def test_curve_option__a_second_measure_is_as_legible_as_the_first():
    spread = next(panel for panel in SIMCLR_PANELS if panel.name == "spread")
    found = [{"epoch": 1.0, "val/alignment": 1.0, "val/uniformity": -2.0}]
    first, second = curve_option(spread, curves_of(spread, found, "#112233"), (), "#777777", 1.0)["series"]
    assert (first["lineStyle"]["type"], second["lineStyle"]["type"]) == ("solid", "dashed")
    assert second["lineStyle"]["opacity"] == first["lineStyle"]["opacity"] == 1.0


def test_curve_option__on_a_logarithmic_scale_leaves_out_what_has_no_place_there() -> None:
    panel = CLASSIFIER_PANELS[0]
    option = curve_option(panel, [Curve("a", "#111111", [[1, 0.0], [2, 0.01], [3, 10.0]])], (), "#777777", 3, log=True)
    assert option["yAxis"]["type"] == "log"
    assert option["series"][0]["data"] == [[2, 0.01], [3, 10.0]]
    assert (option["yAxis"]["logBase"], option["yAxis"]["min"], option["yAxis"]["max"]) == (10, 0.01, 10)
    narrow = curve_option(panel, [Curve("a", "#111111", [[1, 1.1], [2, 3.0]])], (), "#777777", 3, log=True)["yAxis"]
    assert (narrow["logBase"], narrow["min"], narrow["max"]) == (2, 1, 4), "one power of ten would be its only label"
    assert curve_option(panel, [], (), "#777777", 3, log=True)["yAxis"]["min"] > 0
