"""Two classifiers are laid side by side once, until one of them has other predictions."""

from dashboard.cache import comparisons
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.comparison.comparison_rows import comparison
from sealife_core.runs.run import Run
from tests.finished.runs import predictions_on, scratch_run, with_predictions


def more_right(run: Run, dataset: Dataset, right: int) -> None:
    table = predictions_on(dataset, lambda place: place >= right)
    with_predictions(run, table, dataset.classes, dataset.test_hash)


def test_paired__is_kept_until_either_has_other_predictions(tiny_reef: Dataset) -> None:
    one, two = scratch_run(tiny_reef, "one", 1), scratch_run(tiny_reef, "two", 3)
    names = ("one", "two")
    first = comparisons.paired(one, two, names)
    assert (len(first.fixed), len(first.broken)) == (2, 0)
    assert comparisons.paired(one, two, names) is first
    more_right(two, tiny_reef, 4)
    assert len(comparisons.paired(one, two, names).fixed) == 3
    more_right(one, tiny_reef, 4)
    assert len(comparisons.paired(one, two, names).fixed) == 0


def test_advice__is_of_the_predictions_as_they_are(tiny_reef: Dataset) -> None:
    runs = [scratch_run(tiny_reef, "one", 0), scratch_run(tiny_reef, "two", 1)]
    before = comparisons.advice(comparison(runs), runs)
    assert "Do not use any of these runs yet" in before
    more_right(runs[0], tiny_reef, len(tiny_reef.rows("test", labelled_only=True)))
    after = comparisons.advice(comparison(runs), runs)
    assert "Do not use" not in after
    assert "Use one" in after
