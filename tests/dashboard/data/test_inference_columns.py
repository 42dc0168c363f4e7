"""Columns of many predictions: filtered, ordered, written out."""

import time
from typing import Any

import numpy as np

from dashboard.data.inference_columns import Wanted, columns_of, lines_of, places_of


def row(name: str, label: str, sure: float, unlike: bool = False) -> dict[str, Any]:
    top = [{"label": label, "probability": sure, "calibrated": sure}, {"label": "eel", "probability": 0.1}]
    return {
        "file": name, "prediction": label, "confidence": 0.5, "calibrated": sure, "top": top, "similarity": 0.9,
        "nearest": {"id": "x", "label": "ray", "file": "dive/7.jpg"}, "novelty": sure, "unlike": unlike,
    }  # fmt: skip


ROWS = [
    row("A.png", "crab", 0.9),
    row("b.png", "ray", 0.4, True),
    {"file": "c", "problem": "No."},
    row("d", "ray", 0.7),
]


def test_places__are_those_asked_for_in_order() -> None:
    found = columns_of(ROWS)

    def places(threshold: float | None = 0.5, corrected: dict[int, str] | None = None, **wanted: str) -> list[int]:
        return places_of(found, Wanted(**wanted), threshold, corrected or {}).tolist()

    assert places() == [0, 1, 2, 3]
    assert places(found="named") == [0, 3]
    assert places(found="unknown") == [1]
    assert places(None, found="unknown") == []
    assert places(found="unlike") == [1]
    assert places(found="unread") == [2]
    assert places(found="corrected", corrected={1: "eel", 9: "gone"}) == [1]
    assert places(found="unknown", corrected={1: "eel"}) == []
    assert places(label="ray") == [1, 3]
    assert places(label="ray", corrected={3: "eel"}) == [1]
    assert places(name="a.P") == [0]
    assert places(order="uncertain") == [1, 3, 0, 2]
    assert places(order="certain") == [0, 3, 1, 2]


def test_lines__say_unknown_with_the_guess_and_what_is_near() -> None:
    lines = lines_of(columns_of(ROWS), [1, 2, 0], 0.5, {0: "whale"})
    assert lines["Class"] == ["unknown (ray?)", "not read", "crab"]
    assert lines["Corrected"] == ["", "", "whale"]
    assert lines["Confidence"] == [40.0, None, 90.0]
    assert lines["Next most likely"][:2] == ["eel 10.0 %", "No."]
    assert lines["Nearest training picture"][0] == "ray · 0.90 · dive/7.jpg"


def test_places__of_twenty_thousand_take_a_moment() -> None:
    found = columns_of([row(f"{n}.png", "crab", s) for n, s in enumerate(np.linspace(0, 1, 20_000))])
    began = time.perf_counter()
    assert len(places_of(found, Wanted("named", "crab", "9", "certain"), 0.5, {3: "eel"})) > 1000
    assert time.perf_counter() - began < 0.5
