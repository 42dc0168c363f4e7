"""What the browser gets of a run while it learned."""

from dataclasses import replace

import numpy as np

from dashboard.data.contrast.learning_figures import (
    NEAREST,
    PICTURES,
    figures_of,
    moment_words,
    pictures_of,
    votes_measured,
    votes_of,
)
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast.training_dynamics import moment
from sealife_core.evaluation.embeddings.stored_embeddings import Snapshots
from tests.finished.runs import clustered

MOMENT = moment(5, np.random.default_rng(0).normal(size=(1, 20, 8)) * np.ones((2, 1, 1)), None, 0.2)
LOST = moment(9, np.full((2, 20, 8), np.nan), None, 0.2)


def test_figures__hold_no_number_that_json_has_not() -> None:
    right = np.array([[True, False, False, False], [False] * 4])
    found = figures_of([MOMENT, LOST], votes_of([5, 9], right, 0.1))
    assert found["epochs"] == [5, 9]
    assert found["accuracy"] == [1.0, None]
    assert found["path"][1] == [None, None]
    assert found["rankH"] == [None, None]
    assert (found["knn"], found["knnChance"]) == ([[5, 0.25], [9, 0]], 0.1)
    assert (found["knnOf"], found["accuracyOf"]) == ("of 4 validation pictures", "right one among 39 views")
    lengths = figures_of([replace(MOMENT, normalised=False)], votes_of([5], np.zeros((1, 0), bool), 0.0))
    assert lengths["accuracyOf"] == "right one among 39 views, by dot product"
    assert figures_of([MOMENT], votes_of([5], np.zeros((1, 0), bool), 0.0))["knn"] == []
    assert len(found["positives"][0]) == len(found["negatives"][1])


def test_votes_measured__are_those_of_the_metrics_once_an_epoch() -> None:
    rows = [
        {"epoch": 3.0, "val/knn_accuracy": 0.2},
        {"epoch": 3.5, "train/loss": 1.0},
        {"epoch": 6.0, "val/knn_accuracy": 0.9},
        {"epoch": 6.0, "val/knn_accuracy": 0.3},  # resumed before epoch 6
        {"epoch": None, "val/knn_accuracy": 0.5},
        {"epoch": 9.0, "val/knn_accuracy": None},
    ]
    found = votes_measured(rows, {"images": {"val": 40}, "chance_accuracy": 0.1})
    assert (list(found.points), found.chance) == ([(3.0, 0.2), (6.0, 0.3)], 0.1)
    assert found.of == "of 40 validation pictures, as measured in training"
    assert not votes_measured([], {}).points


def test_moment_words__follow_the_numbers() -> None:
    assert moment_words(MOMENT).startswith("A positive pair is more alike than a negative one in 100 % of comparisons")
    assert "chance: 3.66" in moment_words(MOMENT)
    assert moment_words(replace(MOMENT, overlap=0.3)).startswith("A negative pair is more alike than a positive one")
    assert "diverged" in moment_words(LOST)


def test_pictures__have_their_nearest_at_the_epochs_asked(tiny_reef: Dataset) -> None:
    ids = (*tiny_reef.manifest["id"].iloc[:40], "gone")
    h = np.concatenate([clustered(tiny_reef, spread=0.05)[:40], np.ones((1, 16))])
    snapshots = Snapshots(ids, (0, 5, 9), np.stack([np.random.default_rng(0).normal(size=h.shape), h, h]))
    found = pictures_of(snapshots, [0, 9], tiny_reef, "/{}".format, "#{}".format)
    assert np.shape(found["near"]) == (2, PICTURES, NEAREST)
    labels = {place: card["label"] for place, card in found["cards"].items()}
    assert len({labels[place] for place in found["asked"]}) == min(PICTURES, len(set(tiny_reef.labels[:40])))
    own = [labels[place] for place in found["asked"]]
    same = [np.mean(np.vectorize(labels.get)(near) == np.array(own)[:, None]) for near in found["near"]]
    assert same[1] > same[0]
    place = found["asked"][0]
    row = tiny_reef.row_of(ids[place])
    assert found["cards"][place] == {
        "src": f"/{row}", "name": tiny_reef.classes[labels[place]], "colour": f"#{labels[place]}",
        "label": labels[place],
    }  # fmt: skip


def test_pictures__of_a_data_set_that_lost_them_are_none(tiny_reef: Dataset) -> None:
    snapshots = Snapshots(("x", "y"), (0,), np.ones((1, 2, 3)))
    assert pictures_of(snapshots, [0], tiny_reef, str, str)["asked"] == []
