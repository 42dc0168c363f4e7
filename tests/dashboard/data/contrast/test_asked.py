"""What stands below a number of two runs: among how many views, or of which pictures."""

from dataclasses import replace

from dashboard.data.contrast.asked import asked_of
from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.comparison.resampling import Interval
from sealife_core.evaluation.contrast.ablation_effects import FEATURES, PRETEXT, Measure
from tests.finished.runs import finished


def measure(name: str, n: int) -> Measure:
    half = Interval(0.5, 0.4, 0.6)
    return Measure(name, half, half, half, n)


def test_asked_of__is_the_batch_of_that_run_and_the_split_of_the_pictures(tiny_reef: Dataset) -> None:
    run, few = (finished(preset("simclr", data=tiny_reef.name, batch_size=size), "SimCLR") for size in (512, 8))
    train, val = len(tiny_reef.rows("train")), len(tiny_reef.rows("val", labelled_only=True))
    assert asked_of(measure(PRETEXT, 30), few, tiny_reef) == "right one among 15 views, 30 steps at the end"
    broken = finished(preset("simclr", data=tiny_reef.name, batch_size=8, broken="batch-8"), "SimCLR")
    lengths = finished(preset("simclr", data=tiny_reef.name, batch_size=8, broken="no-normalisation"), "SimCLR")
    assert asked_of(measure(PRETEXT, 30), lengths, tiny_reef).startswith("right one among 15 views, by dot product, 30")
    of_each = replace(measure(PRETEXT, 30), n_broken=34)
    steps = [asked_of(of_each, one, tiny_reef).split(", ")[1] for one in (few, broken)]
    assert steps == ["30 steps at the end", "34 steps at the end"], "of each run its own"
    assert f"among {2 * train - 1} views" in asked_of(measure(PRETEXT, 30), run, tiny_reef), "no more than there are"
    assert asked_of(measure(FEATURES, val), run, tiny_reef) == f"{val} validation pictures"
    assert asked_of(measure(FEATURES, val + 1), run, tiny_reef) == f"{val + 1} validation and test pictures"
    assert asked_of(measure("test accuracy", 40), run, tiny_reef) == "40 pictures"
