"""Colours of points: who is in which group, and that what is unknown is said to be so."""

import numpy as np
import pytest

from dashboard.app_pages.embeddings.chart_choice import MEANS
from dashboard.data.embeddings import scatter as colours
from dashboard.data.embeddings.points import ImageFacts
from dashboard.data.embeddings.scatter import colouring
from sealife_core.evaluation.figures.palette import UNLABELLED_COLOUR, class_colour

CLASSES = {"crab": class_colour(0), "eel": class_colour(1), "seal": class_colour(2)}
NAN = float("nan")


def facts(**changed) -> ImageFacts:
    known = {
        "rows": [10, 11, 12, 13], "labels": [0, 1, -1, 2], "splits": [0, 1, 0, 2], "predicted": [-1, 1, -1, 0],
        "confidence": [NAN, 0.9, NAN, 0.6], "loss": [NAN, 0.1, NAN, 2.0], "clusters": [0, 0, 1, 1],
    }  # fmt: skip
    return ImageFacts(**{name: np.array(values) for name, values in (known | changed).items()})


def members(found: colours.Colouring) -> dict[str, list[int]]:
    return {group.name: group.members.tolist() for group in found.groups}


def test_class__has_its_colour_of_everywhere_and_unlabelled_is_grey():
    found = colouring(colours.CLASS, facts(), CLASSES)
    assert members(found) == {"unlabelled": [2], "crab": [0], "eel": [1], "seal": [3]}
    assert [g.colour for g in found.groups] == [UNLABELLED_COLOUR, class_colour(0), class_colour(1), class_colour(2)]


def test_right_or_wrong__is_told_by_more_than_colour():
    found = colouring(colours.RIGHT, facts(), CLASSES)
    assert members(found) == {"no prediction": [0, 2], "right": [1], "wrong": [3]}
    assert {g.name: g.symbol for g in found.groups}["wrong"] != {g.name: g.symbol for g in found.groups}["right"]


def test_right_or_wrong__says_nothing_of_what_has_no_label():
    found = colouring(colours.RIGHT, facts(predicted=[0, 1, 1, 2]), CLASSES)
    assert members(found) == {"no prediction": [2], "right": [0, 1, 3]}


def test_split__leaves_empty_splits_out():
    assert members(colouring(colours.SPLIT, facts(splits=[0, 0, 1, 1]), CLASSES)) == {
        "training": [0, 1],
        "validation": [2, 3],
    }


def test_confidence__is_a_scale_and_the_rest_is_grey():
    found = colouring(colours.CONFIDENCE, facts(), CLASSES)
    assert members(found) == {"no prediction": [0, 2]}
    assert found.scale is not None
    assert (found.scale.low, found.scale.high) == (0.0, 1.0)


def test_loss__does_not_let_one_huge_value_make_all_others_look_alike():
    many = {name: np.zeros(1000) for name in ImageFacts.__dataclass_fields__}
    many["loss"] = np.full(1000, 1.0)
    many["loss"][7] = 80.0
    found = colouring(colours.LOSS, ImageFacts(**many), CLASSES)
    assert found.scale is not None
    assert found.scale.high == 1.0


def test_every_word__colours_and_is_explained():
    words = (*colours.ALWAYS, *colours.PREDICTING)
    assert len(words) == 7
    for word in words:
        found = colouring(word, facts(), CLASSES)
        drawn = sum(len(group.members) for group in found.groups)
        drawn += 0 if found.scale is None else int(np.isfinite(found.scale.values).sum())
        assert drawn == 4, word
        assert MEANS[word]


@pytest.mark.parametrize("places", [[3, 1], []])
def test_only__keeps_every_fact_in_step(places):
    some = facts().only(np.array(places, int))
    assert some.rows.tolist() == [[10, 11, 12, 13][i] for i in places]
    assert some.custom().shape == (len(places), 7)
