"""Lessons on paper."""

import math
import re

import pytest

from dashboard.data.lessons import handout
from dashboard.data.lessons.figures import view_name
from dashboard.data.lessons.handout import VIEWS, handout_html, worksheet_html
from dashboard.data.lessons.lessons import LESSONS, Reading
from sealife_core.evaluation.figures.html_document import gallery


def test_handout__holds_the_pictures_and_folds_the_answer() -> None:
    reading: Reading = {"kept_area": 0.5, "draws": 500}
    html = handout_html(LESSONS[0], reading, gallery([("data:image/webp;base64,AAAA", "<b>crab</b>")]))
    assert 'src="data:image/webp;base64,AAAA"' in html
    assert "<b>crab</b>" not in html
    assert "&lt;b&gt;crab&lt;/b&gt;" in html
    shown, _, folded = html.partition("<details>")
    assert "50 %" not in shown, "the numbers stand behind the fold"
    assert "Between one and two thirds.</b>" in folded
    assert not re.search(r'(src|href)="http', html), "one file, without the network"


def test_handout__says_nothing_that_paper_cannot_do() -> None:
    for lesson in LESSONS:
        assert lesson.on_paper != lesson.look or not re.search(
            "[Mm]ove|[Dd]raw again|[Pp]oint at|[Cc]hoose", lesson.look
        )
        assert not re.search("move the|draw again|point at|choose an", lesson.on_paper.lower())


def test_worksheet__solution_is_the_loss_by_hand() -> None:
    _, _, folded = worksheet_html().partition("<details>")
    # A1 = (1, 0): its partner has cosine 0.8, the negatives 0 and -0.6.
    by_hand = -math.log(math.exp(1.6) / (math.exp(1.6) + 1 + math.exp(-1.2)))
    assert f"{by_hand:.4f} at temperature 0.5" in folded
    assert "def anchor_loss" in folded
    share = 1 / (1 + math.exp(-6))
    assert f"At 0.1 A2, the more similar negative, gets {100 * share:.1f} % of the gradient on the neg" in folded


def test_worksheet__solution_names_the_other_negative_where_that_is_the_more_similar(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handout, "VIEWS", VIEWS | {"A2": VIEWS["B2"], "B2": VIEWS["A2"]})
    assert "At 0.1 B2, the more similar negative, gets" in worksheet_html()


def test_worksheet__names_its_vectors_as_the_board_does() -> None:
    a1, a2, b1, b2 = (view_name(place, 2) for place in range(4))
    assert set(VIEWS) == {a1, a2, b1, b2}
    assert VIEWS[b1] == (0.8, 0.6), "the partner of A1, which the loss by hand has a cosine of 0.8 with"
    task, _, folded = worksheet_html().partition("<details>")
    assert "Two pictures, 1 and 2" in task
    assert f"{b1} is the partner of {a1}; {a2} and {b2} are its negatives" in folded
    assert f"At 0.1 {a2}, the more similar negative" in folded
