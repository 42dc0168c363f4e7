"""Which pictures vote on which: halves of classes, so that every picture that is asked has some of its class."""

import numpy as np
import pytest

from sealife_core.evaluation.contrast.neighbour_vote import MOST, _halves


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
