"""What the charts of ignored changes draw, and which pictures and encoders they begin with."""

import numpy as np
import pytest

from dashboard.data.contrast.encoder_sources import EncoderSource, usual_encoders
from dashboard.data.contrast.ignored_charts import (
    COSINE,
    KEPT,
    LOWEST,
    EncoderLine,
    chart_data,
    point_of,
    sample_sentence,
    shown_places,
    unseen_rows,
)  # fmt: skip
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast.augmentations import AUGMENTATIONS
from sealife_core.evaluation.contrast.invariance import Response
from sealife_core.runs.run import Run

N = 8


def response(last: float, unrelated: float = 0.5) -> Response:
    """A cosine that falls from 1 to ``last``, a little lower for each picture than for the one before."""
    between = np.full((N, N), unrelated)
    np.fill_diagonal(between, 1)
    cosines = {
        one.name: np.linspace(1, last - 0.01 * np.arange(N), len(one.amounts)) for one in AUGMENTATIONS
    }  # fmt: skip
    return Response(cosines, between)


def test_chart_data__is_a_chart_an_augmentation_with_the_same_axis() -> None:
    lines = [EncoderLine("A", "#000000", response(0.75)), EncoderLine("B", "#111111", response(-0.9), dashed=True)]
    kept = chart_data(lines, KEPT)
    assert [panel["title"] for panel in kept["panels"]] == [one.title for one in AUGMENTATIONS]
    assert kept["panels"][0]["levels"][:2] == ["unchanged", "hue turned by 18°"]
    first, second = kept["panels"][0]["lines"]
    assert first["mean"][-1] == pytest.approx((0.75 - 0.035 - 0.5) / 0.5, abs=1e-3)
    assert first["tenth"][-1] < first["mean"][-1] < first["ninetieth"][-1]
    assert first["low"][-1] < first["mean"][-1] < first["high"][-1]
    assert second["mean"][-1] < kept["low"] == LOWEST, "far below: at the end of the axis"
    raw = chart_data(lines, COSINE)
    assert raw["panels"][0]["lines"][0]["mean"][-1] == pytest.approx(0.715)
    assert raw["unrelated"] == [0.5, 0.5]
    assert chart_data(lines[:1], KEPT)["low"] == 0


def test_shown_places__go_from_what_changes_most_to_what_changes_least() -> None:
    assert shown_places(response(0.5), "hue", 3, 3) == [7, 3, 0]
    assert shown_places(response(0.5), "hue", 3, 20) == list(range(N))[::-1]


@pytest.mark.parametrize("text", ["", "hue", "hue.6", "hue.-1", "hue.3.1", "nothing.1", "grayscale.2"])
def test_point_of__a_link_that_names_none(text: str) -> None:
    assert point_of(text) is None
    assert point_of("hue.5") == ("hue", 5)


def test_unseen_rows__begin_with_pictures_that_no_run_trained_on(tiny_reef: Dataset) -> None:
    splits = tiny_reef.manifest["split"].iloc[unseen_rows(tiny_reef, 16)].tolist()
    tests = len(tiny_reef.rows("test"))
    assert splits[:tests] == ["test"] * tests
    assert splits == sorted(splits, key=("test", "val", "train").index)
    rows = unseen_rows(tiny_reef, 1000)
    assert sorted(rows) == list(range(64))
    said = sample_sentence(tiny_reef, rows[: tests + 1])
    assert said == f"{tests + 1} of 64 pictures: {tests} test, 1 validation."


def test_usual_encoders__are_a_run_as_it_began_and_imagenet(pretrained: Run) -> None:
    imagenet, untrained = EncoderSource("imagenet", "ImageNet"), EncoderSource("untrained", "Untrained")
    run, other = EncoderSource("a", "A", pretrained), EncoderSource("b", "B", pretrained)
    before = EncoderSource("a@0", "A, before training", pretrained, 0)
    assert usual_encoders([run, before, other, imagenet, untrained]) == ["a", "a@0", "imagenet"]
    assert usual_encoders([run, imagenet, untrained]) == ["a", "imagenet"]
    assert usual_encoders([imagenet, untrained]) == ["untrained", "imagenet"]
