"""Which pictures vote on which: halves of classes, so that every picture that is asked has some of its class."""

from dataclasses import replace

import numpy as np
import pytest

from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast import neighbour_vote
from sealife_core.evaluation.contrast.neighbour_vote import MOST, _halves, vote
from sealife_core.evaluation.contrast.view_encoder import untrained
from tests.finished.models import NETWORK, SIZE
from tests.finished.runs import clustered


@pytest.mark.parametrize(
    ("sizes", "classes"),
    [((80,) * 10, 10), ((2,) * 1000, 120), ((1000, 30, 5), 3), ((1, 1, 4, 4), 2), ((9,) * 50, 30), ((3,), 1)],
)
def test_halves__of_each_class_some_vote_and_some_are_asked(sizes: tuple[int, ...], classes: int) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    halves = _halves(labels, np.random.default_rng(0).permutation(len(labels)))
    bank, asked = (np.concatenate([half[side] for half in halves]) for side in (0, 1))
    assert len(halves) == classes
    assert set(labels[bank]) == set(labels[asked]), "none is asked for a class that nobody votes for"
    assert len(np.unique([*bank, *asked])) == len(bank) + len(asked) <= MOST
    assert 0 <= len(bank) - len(asked) <= classes


def test_halves__are_of_other_classes_with_another_order() -> None:
    labels = np.repeat(np.arange(1000), 2)
    one, other = (
        {int(labels[half[0][0]]) for half in _halves(labels, np.random.default_rng(seed).permutation(len(labels)))}
        for seed in (0, 1)
    )
    assert one != other


def test_vote__is_right_where_features_follow_the_labels_and_at_chance_where_labels_are_shuffled(
    tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    h = clustered(tiny_reef)
    monkeypatch.setattr(neighbour_vote, "embed", lambda network, pixels, rows, **given: h[rows])
    encoder = untrained(NETWORK, SIZE)
    found = vote(encoder, tiny_reef)
    assert found is not None
    assert found.accuracy == 1 > found.low > found.chance
    assert len(found.neighbours) + found.bank == len(tiny_reef.rows("train"))
    for row, near in found.neighbours.items():
        assert tiny_reef.labels[near[0]] == tiny_reef.labels[row]
    draws = []
    for seed in range(20):
        h = clustered(tiny_reef)[np.random.default_rng(seed).permutation(len(h))]
        shuffled = vote(encoder, tiny_reef)
        assert shuffled is not None
        draws.append(shuffled.accuracy)
    assert np.mean(draws) == pytest.approx(found.chance, abs=0.1)


def test_vote__of_too_few_pictures_or_one_class_is_none(tiny_reef: Dataset) -> None:
    few = tiny_reef.manifest["label"].where(np.arange(len(tiny_reef)) % 5 == 0, "")
    for label in (few, tiny_reef.classes[0]):
        manifest = tiny_reef.manifest.assign(label=label)
        assert vote(untrained(NETWORK, SIZE), replace(tiny_reef, manifest=manifest)) is None
