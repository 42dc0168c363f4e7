"""What the charts and the table of a comparison say, read from their options."""

import json

from dashboard.data.charts.comparison_charts import class_option, comparison_option, cost_option, depth_option
from dashboard.data.compared import score_rows
from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow
from sealife_core.evaluation.figures.palette import class_colour
from tests.dashboard.compared_made import change


def row(name: str, accuracy: float, run_id: str, **changes: object) -> ComparisonRow:
    fields = dict.fromkeys(ComparisonRow.__dataclass_fields__, 0.0) | {
        "run_id": run_id, "name": name, "method": "Linear probe", "encoder": "resnet18", "source": "random",
        "data": "reef", "n": 100, "accuracy": accuracy, "low": accuracy - 0.1, "high": accuracy + 0.1,
        "macro_f1": accuracy - 0.2, "macro_f1_low": 0.1, "macro_f1_high": 0.9, "chance": 0.1, "train_s": 60.0,
        "pretrain_s": None, "parameters_trained": 5130, "label_fraction": 100, "test_hash": "h", "comparable": True,
        "why_not": "",
    }  # fmt: skip
    return ComparisonRow(**(fields | changes))  # type: ignore[arg-type]


COLOURS = {"a": "#111111", "b": "#222222", "c": "#333333"}


def test_comparison_option__draws_each_score_in_its_interval_and_the_chance_line() -> None:
    two = [row("fine", 0.78, "a"), row("probe", 0.61, "b")]
    option = comparison_option(two, COLOURS, "#777777")
    intervals = [series for series in option["series"] if series["type"] == "line"]
    dots = [series for series in option["series"] if series["type"] == "scatter"]
    assert [series["data"][0][0] for series in dots] == [78.0, 61.0]
    assert [[round(x) for x, _ in series["data"]] for series in intervals] == [[68, 88], [51, 71]]
    assert intervals[0]["markLine"]["data"] == [{"xAxis": 10.0}]
    assert option["xAxis"]["max"] == 90
    json.dumps(option, allow_nan=False)


def test_comparison_option__stands_runs_under_their_encoder() -> None:
    rows = [row("x", 0.5, "a"), row("y", 0.9, "b", source="my SimCLR"), row("z", 0.7, "c")]
    option = comparison_option(rows, COLOURS, "#777777")
    names = [name["value"] if isinstance(name, dict) else name.split("\n")[0] for name in option["yAxis"]["data"]]
    assert names == ["ResNet18, weights of my SimCLR", "y", "ResNet18, random weights", "z", "x"]
    dots = {series["name"]: series["data"][0][1] for series in option["series"] if series["type"] == "scatter"}
    assert dots == {"y": 1, "z": 3, "x": 4}


def test_comparison_option__of_macro_f1_has_its_own_interval_and_no_chance_line() -> None:
    option = comparison_option([row("x", 0.5, "a")], COLOURS, "#777777", "macro_f1")
    line, dot = option["series"]
    assert dot["data"] == [[30.0, 1]]
    assert line["data"] == [[10.0, 1], [90.0, 1]]
    assert "markLine" not in line


def test_score_rows__gives_interval_number_chance_and_cost_with_every_accuracy() -> None:
    (found,) = score_rows([row("probe", 0.61, "a", pretrain_s=3600.0)])
    assert found["Accuracy"] == "61.0 % (51 to 71 %)"
    assert (found["Test pictures"], found["Guessing"]) == ("100", "10.0 %")
    assert (found["Trained for"], found["Pre-trained for"], found["Parameters trained"]) == (
        "60 s", "1 h 0 min", "5,130",
    )  # fmt: skip


def test_class_option__fixed_to_the_right_broken_to_the_left_in_the_colour_of_the_class() -> None:
    option = class_option(
        [change("eel", 4, 1), change("crab", 0, 3)], {"crab": class_colour(0), "eel": class_colour(1)}, "#777777"
    )
    fixed, broken = option["series"]
    assert [cell["value"] for cell in fixed["data"]] == [4, 0]
    assert [cell["value"] for cell in broken["data"]] == [-1, -3]
    assert fixed["data"][0]["itemStyle"]["color"].startswith(class_colour(1))
    assert broken["data"][1]["label"]["formatter"] == "3"
    assert option["xAxis"]["min"] == -option["xAxis"]["max"] < -4
    json.dumps(option, allow_nan=False)


def test_cost_option__joins_a_run_to_its_pre_training() -> None:
    rows = [row("probe", 0.6, "a", pretrain_s=5940.0), row("scratch", 0.5, "b", train_s=600.0)]
    option = cost_option(rows, COLOURS, "#777777")
    probe, scratch = ([point["value"] for point in series["data"]] for series in option["series"])
    assert probe == [[1.0, 60.0], [100.0, 60.0]]
    assert scratch == [[10.0, 50.0]]
    assert option["xAxis"]["min"] <= 1 < 100 <= option["xAxis"]["max"]
    json.dumps(option, allow_nan=False)


def test_depth_option__stands_each_depth_in_its_place() -> None:
    option = depth_option([(0, row("probe", 0.3, "a")), (5, row("all", 0.6, "b"))], "#111111")
    line, first, last = option["series"]
    assert line["data"] == [["0: probe", 30.0], ["5: all", 60.0]]
    assert first["data"] == [["0: probe", 20.0], ["0: probe", 40.0]]
    assert last["data"][1] == ["5: all", 70.0]
