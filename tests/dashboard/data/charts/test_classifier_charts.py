"""What the bars of classes and the reliability diagram say, read from their options."""

import pandas as pd

from dashboard.data.charts.classifier_charts import balance_option, per_class_option, reliability_option
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


def test_reliability__draws_a_dot_a_bin_at_its_confidence_and_accuracy():
    filled = pd.DataFrame(
        {"bin": [4], "n": [12], "confidence": [0.45], "accuracy": [0.5], "accuracy_low": [0.2], "accuracy_high": [0.8]}
    )
    dots, ideal, whisker = reliability_option(filled, "#000", "#111")["series"]
    assert dots["data"][0]["value"] == [45.0, 50.0, 12]
    assert ideal["data"] == [[0, 0], [100, 100]]
    assert whisker["data"] == [[45.0, 20.0], [45.0, 80.0]]


def test_reliability__draws_the_largest_dot_at_100_percent_whole():
    filled = pd.DataFrame({"confidence": [1.0], "accuracy": [1.0], "accuracy_low": [0.9], "accuracy_high": [1.0]})
    option = reliability_option(filled.assign(n=400), "#000", "#111")
    dots = option["series"][0]
    radius = dots["data"][0]["symbolSize"] / 2
    assert dots["clip"] is False
    assert min(option["grid"]["top"], option["grid"]["right"]) >= radius
