"""What the bars of classes say, read from their options."""

from dashboard.data.charts.class_charts import balance_option, per_class_option
from sealife_core.evaluation.figures.palette import class_colour


def test_balance__a_class_keeps_its_colour_however_it_is_sorted():
    counts = {"crab": {"train": 1, "val": 2, "test": 3}, "fish": {"train": 9, "val": 0, "test": 0}}
    option = balance_option(counts, ["fish", "crab"], {"crab": class_colour(0), "fish": class_colour(1)})
    train = option["series"][0]["data"]
    assert [cell["itemStyle"]["color"] for cell in train] == [class_colour(1), class_colour(0)]
    assert [[cell["value"] for cell in series["data"]] for series in option["series"]] == [[9, 1], [0, 2], [0, 3]]


def test_per_class__a_class_that_is_gone_is_grey():
    option = per_class_option([{"label": "gone", "n": 3, "recall": 0.5, "precision": None}], {"crab": class_colour(0)})
    assert option["series"][0]["data"][0]["itemStyle"]["color"] == class_colour(-1)
    assert option["series"][1]["data"] == [0.0]
