"""Rounds of the guessing game: which pictures, and who has how many right."""

from dashboard.data.guessing_round import A_ROUND, model_score, round_of, score
from tests.dashboard.answers_made import some


def test_round__is_the_same_for_a_seed_and_of_test_pictures(tiny_reef):
    answers = some(tiny_reef, [False] * 64, [0.5] * 64)
    first = round_of(answers, 3)
    assert len(set(first.tolist())) == A_ROUND
    assert round_of(answers, 3).tolist() == first.tolist()
    assert round_of(answers, 4).tolist() != first.tolist()
    assert score(answers, [0, 1, 2], [int(answers.truth[0]), -1]) == 1


def test_model__scores_the_pictures_it_was_asked(tiny_reef):
    answers = some(tiny_reef, [True, False, True, False], [0.5] * 4)
    asked_less = some(tiny_reef, [False, False], [0.5] * 2)
    places = round_of(answers, 1)
    assert model_score(answers, answers, places) == 2
    assert model_score(asked_less, answers, places) == 2
