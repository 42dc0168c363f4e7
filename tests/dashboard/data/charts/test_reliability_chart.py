"""The reliability diagram, read from its option."""

import pandas as pd

from dashboard.data.charts.reliability_chart import reliability_option


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
