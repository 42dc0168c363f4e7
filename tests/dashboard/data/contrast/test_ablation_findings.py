"""What was predicted, matched with what was measured; the neighbours of stored epochs."""

import numpy as np

from dashboard.data.contrast.ablation_findings import Measures, nearest_at, predictions, shared_epochs
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.comparison.resampling import Interval
from sealife_core.evaluation.contrast.ablation_effects import FEATURES, IGNORED, PRETEXT, TEST, Measure
from sealife_core.evaluation.embeddings.stored_embeddings import Snapshots
from tests.finished.runs import clustered


def measures(*names: str) -> Measures:
    one = Interval(0.5, 0.4, 0.6)
    return Measures(tuple(Measure(name, one, one, one, 10) for name in names), (), (), "")


def test_predictions__belong_to_the_measure_that_was_asked_about() -> None:
    found = predictions("no-jitter", (1, -1), measures(PRETEXT, FEATURES, IGNORED))
    assert [(measure.name, answer) for measure, answer in found] == [(PRETEXT, 1), (FEATURES, -1)]
    unlabelled = predictions("no-jitter", (1, -1), measures(PRETEXT, IGNORED))
    assert [(measure.name, answer) for measure, answer in unlabelled] == [(PRETEXT, 1)]
    assert [answer for _, answer in predictions("one-background", (1, -1), measures(TEST))] == [-1]


def test_nearest_at__asks_only_the_images_that_the_epoch_stored(tiny_reef: Dataset) -> None:
    val, train = tiny_reef.rows("val"), tiny_reef.rows("train")[::2]
    rows = np.concatenate([train, val])
    values = np.stack([np.zeros((len(rows), 16)), clustered(tiny_reef)[rows]]).astype(np.float32)
    stored = Snapshots(tuple(tiny_reef.manifest["id"].iloc[rows]), (0, 3), values)
    asked = [int(row) for row in val[:2]]
    assert shared_epochs([stored, Snapshots(stored.ids, (3, 5), values)], tiny_reef, asked) == [3]
    assert shared_epochs([stored], tiny_reef, [int(tiny_reef.rows("test")[0])]) == []
    for found in nearest_at(stored, 3, tiny_reef, asked):
        assert set(found.rows) <= set(train)
        assert tiny_reef.labels[found.rows[0]] == tiny_reef.labels[found.row]
