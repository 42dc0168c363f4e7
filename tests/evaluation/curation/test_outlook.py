"""What more labels would bring, from what the answers of the label queue have brought."""

import numpy as np
import pytest

from sealife_core.evaluation.classification.scores import wilson
from sealife_core.evaluation.curation.label_queue import Bought
from sealife_core.evaluation.curation.outlook import outlook

LABELS = (10, 20, 40, 80, 160)


def accuracy(labels: float) -> float:
    """A power law of labels per class, five of them."""
    return 1 - 0.7 * (labels / 5) ** -0.4


def bought(asked: int, labels: tuple[int, ...] = LABELS, noise: np.ndarray | None = None) -> list[Bought]:
    """Points on the law, or beside it by ``noise``."""
    found = []
    for place, each in enumerate(labels):
        share = accuracy(each) if noise is None else float(np.clip(accuracy(each) + noise[place], 0, 1))
        found.append(Bought(each, each, asked, asked, share, *wilson(round(share * asked), asked)))
    return found


def test_outlook__is_of_twice_the_labels_and_near_the_law() -> None:
    found = outlook(bought(2000), 5, 10_000)
    assert found is not None
    assert found.labels == 320
    assert found.value == pytest.approx(accuracy(320), abs=0.02)


def test_outlook__asks_for_no_more_labels_than_there_are_pictures() -> None:
    found = outlook(bought(2000), 5, 200)
    assert found is not None
    assert found.labels == 200
    assert outlook(bought(2000), 5, 160) is None


def test_outlook__is_the_less_sure_the_fewer_random_pictures_there_are() -> None:
    few, many = (outlook(bought(asked), 5, 1000) for asked in (20, 500))
    assert few is not None
    assert many is not None
    assert few.high - few.low > 2 * (many.high - many.low)


def test_outlook__of_few_random_pictures_covers_what_comes() -> None:
    rng, held = np.random.default_rng(0), []
    for _ in range(50):
        level = rng.normal(0, np.sqrt(0.25 / 40))  # the same 40 pictures at every point
        found = outlook(bought(40, noise=level + rng.normal(0, 0.02, len(LABELS))), 5, 1000)
        assert found is not None
        held.append(found.low <= accuracy(320) <= found.high)
    assert np.mean(held) >= 0.75


def test_outlook__says_nothing_of_a_handful_of_random_pictures() -> None:
    assert outlook(bought(9), 5, 1000) is None


@pytest.mark.parametrize("labels", [(), (40,), (40, 60, 70), (40, 100)])
def test_outlook__says_nothing_from_too_little(labels: tuple[int, ...]) -> None:
    assert outlook(bought(100, labels), 5, 1000) is None
