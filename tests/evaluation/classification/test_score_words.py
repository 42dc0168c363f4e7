"""A first model in words: the worst confusions, and how its penalty came about."""

from typing import Any

import pytest

from sealife_core.evaluation.classification.score_words import Confusion, penalty_words, worst_confusions


def scored(confusion: list[list[int]], names: str = "abc") -> dict[str, Any]:
    return {
        "n": sum(map(sum, confusion)),
        "confusion": confusion,
        "per_class": [{"label": name, "n": sum(row)} for name, row in zip(names, confusion, strict=True)],
    }


def test_confusions__come_by_number_then_by_share_of_the_true_class() -> None:
    found = worst_confusions(scored([[5, 3, 2], [0, 9, 1], [2, 0, 2]]))
    assert found == [
        Confusion("a", "b", 3, 10),
        Confusion("c", "a", 2, 4),
        Confusion("a", "c", 2, 10),
    ]
    assert found[0].says == "3 of 10 a classified as b"
    assert worst_confusions(scored([[5, 3, 2], [0, 9, 1], [2, 0, 2]]), most=1) == found[:1]
    assert worst_confusions(scored([[9, 1, 0], [0, 9, 0], [0, 0, 9]])) == [Confusion("a", "b", 1, 10)], (
        "no pair has two"
    )


@pytest.mark.parametrize("damaged", [{}, {"confusion": [[1, 0], [0, 1]]}, {"per_class": [{"label": "a"}]}])
def test_confusions__of_none_or_of_half_a_table_are_none(damaged: dict[str, Any]) -> None:
    assert worst_confusions(damaged) == []
    assert worst_confusions(scored([[4, 0, 0], [0, 4, 0], [0, 0, 4]])) == []


def test_penalty__is_told_with_what_the_others_reached_and_whether_the_images_are_few() -> None:
    tried = [{"penalty": 1.0, "macro_f1": 0.5}, {"penalty": 0.1, "macro_f1": 0.75}, {"penalty": 0.01, "macro_f1": 0.7}]
    many = {"n": 30, "per_class": [{}, {}, {}]}
    said = penalty_words({"penalty": 0.1, "penalties": tried, "val": many})
    assert said == (
        "L2 penalty 0.1, chosen from 3 on 30 validation images: macro-F1 75.0 %, with the others 50.0 % or more."
    )
    few = penalty_words({"penalty": 0.1, "penalties": tried, "val": many | {"n": 29}})
    assert few.endswith("These are few for 3 classes: another split could choose another penalty.")


@pytest.mark.parametrize("results", [{"penalty": 0.03}, {"penalty": 0.03, "penalties": [{"penalty": 1.0}]}])
def test_penalty__that_was_not_chosen_is_fixed(results: dict[str, Any]) -> None:
    assert penalty_words(results) == "L2 penalty 0.03, fixed."
    assert penalty_words({"method": "Fine-tune"}) == ""
