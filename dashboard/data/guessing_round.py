"""A round of the guessing game: its pictures, and the scores of those who play."""

from collections.abc import Sequence

import numpy as np

from dashboard.data.classifier_answers import Answers

A_ROUND = 20


def round_of(answers: Answers, seed: int) -> np.ndarray:
    """(n,) at most A_ROUND places of test pictures (of any, if none is), the same for the same seed."""
    places = np.flatnonzero(answers.test) if answers.test.any() else np.arange(len(answers))
    return np.random.default_rng(seed).permutation(places)[:A_ROUND]


def score(answers: Answers, places: np.ndarray, said: Sequence[int]) -> int:
    """How many of the classes ``said`` are the truth of ``places``; ``said`` may be shorter."""
    return int((answers.truth[places[: len(said)]] == said).sum())


def model_score(model: Answers, answers: Answers, places: np.ndarray) -> int:
    """How many of ``places`` (of ``answers``) ``model`` has right."""
    found = [model.place_of(str(answers.ids[place])) for place in places]
    return sum(bool(model.right[place]) for place in found if place is not None)
