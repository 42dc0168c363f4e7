"""Which images become points, where they lie and what is known of them."""

import numpy as np
import pytest

from dashboard.data.embeddings.points import PCA, UMAP, Cloud, Trust, facts_of, projected_cloud, shown_of, trust_words
from sealife_core.evaluation.classification.predictions import predictions_table
from sealife_core.evaluation.embeddings.stored_embeddings import Embedded

pytestmark = pytest.mark.usefixtures("home")


def cloud(n: int) -> Cloud:
    points = np.arange(2 * n, dtype=np.float32).reshape(n, 2)
    return Cloud(np.arange(n), np.arange(n), points, ("", ""))


def test_projected__leaves_out_what_is_gone_and_keeps_places_in_step(tiny_reef):
    ids = tiny_reef.manifest["id"].tolist()
    embedded = Embedded((ids[4], "gone", ids[2]), np.zeros((3, 5), np.float32), "reef", "")
    found = projected_cloud(
        embedded, tiny_reef, (ids[2], "gone", ids[4]), np.array([[2, 2], [9, 9], [4, 4]], np.float32)
    )
    assert found.rows.tolist() == [2, 4]
    assert found.at.tolist() == [2, 0]
    assert found.points.tolist() == [[2, 2], [4, 4]]


def test_trust_words__say_what_is_known_and_what_distances_mean():
    assert trust_words(Trust(10, None, None), PCA, 10).startswith("All 10 pictures. PCA shows")
    said = trust_words(Trust(2000, 0.91, (0.5, 300, 900)), UMAP, 1000)
    assert said.startswith("1,000 of 2,000 pictures shown. **Trustworthiness 0.91**")
    assert "**k-NN accuracy 50 %** on 300 validation pictures, by 900 training pictures" in said
    assert said.endswith("Distances between groups and the sizes of groups mean nothing.")


def test_shown__is_all_of_the_chosen_classes(tiny_reef):
    name = tiny_reef.classes[3]
    shown = shown_of(cloud(64), tiny_reef, [name])
    assert shown.rows.tolist() == np.flatnonzero(tiny_reef.labels == 3).tolist()
    assert len(shown_of(cloud(64), tiny_reef, []).rows) == 64


def test_shown__is_a_sample_beyond_the_limit_and_always_the_same(tiny_reef):
    first, second = shown_of(cloud(64), tiny_reef, [], most=20), shown_of(cloud(64), tiny_reef, [], most=20)
    assert len(np.unique(first.rows)) == 20
    assert first.rows.tolist() == second.rows.tolist()
    assert first.points[:, 0].tolist() == (2 * first.rows).tolist()


def test_facts__are_those_of_each_row_and_unknown_without_a_prediction(tiny_reef):
    rows = tiny_reef.rows("val")
    probabilities = np.full((len(rows), len(tiny_reef.classes)), 0.05, np.float32)
    probabilities[:, 1] = 0.55
    table = predictions_table(tiny_reef, rows, "val", probabilities)
    asked = np.array([rows[0], tiny_reef.rows("train")[0]])
    found = facts_of(tiny_reef, table).only(asked)
    assert found.predicted.tolist() == [1, -1]
    assert found.confidence[0] == pytest.approx(0.55)
    assert np.isnan(found.confidence[1])
    assert found.splits.tolist() == [1, 0]
    assert found.clusters.tolist() == [-1, -1]
