"""Charts and tables of a handout."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from dashboard.data.lessons.figures import matrix_svg, quizzes_table, score_svg, shares_table
from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow
from sealife_core.evaluation.contrast.readout import QUIZZES, Readout
from sealife_core.evaluation.embeddings.stored_embeddings import Space

COSINES = np.array([[1, 0.1, 0.9, -0.2], [0.1, 1, 0.3, 0.8], [0.9, 0.3, 1, -0.004], [-0.2, 0.8, -0.004, 1]])


def drawn(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def words(svg: str) -> list[str]:
    return [text.text or "" for text in drawn(svg).iter("text")]


def test_matrix__frames_positive_pairs_and_darkens_what_is_similar() -> None:
    cells = list(drawn(matrix_svg(COSINES)).iter("rect"))
    assert len(cells) == 12, "all but a view with itself"
    framed = [cell for cell in cells if cell.get("stroke-width")]
    assert [float(cell.get("fill-opacity", "")) for cell in framed] == [1.0, pytest.approx(0.91, abs=0.01)] * 2
    said = words(matrix_svg(COSINES))
    assert said[0] == "A1"
    assert {"B2", ".90", "−.20", ".00"} <= set(said)
    assert "−.00" not in said


def test_shares__stand_in_the_order_of_similarity() -> None:
    html = shares_table(COSINES, {0.1: np.array([[0, 0.95, 0, 0.05]])}, 0, ["<b>crab</b>", "ray"])
    assert re.findall(r"<td>(\w\d [^<]*)</td><td>([^<]*)</td><td>([^<]*)</td>", html) == [
        ("A2 ray", "0.10", "95 %"),
        ("B2 ray", "−0.20", "5 %"),
    ]
    assert "<b>" not in shares_table(COSINES, {}, 1, ["<b>crab</b>", "ray"])


def test_quizzes__stand_with_guessing_and_their_mean() -> None:
    right = {"h": np.array([1.0, 0.5]), "z": np.zeros(2)}
    found: dict[Space, Readout] = {space: {quiz.name: right[space] for quiz in QUIZZES} for space in ("h", "z")}
    rows = re.findall(r"<td>([^<]*)</td>" * 4, quizzes_table(found))
    assert rows[0] == ("How bright? (darker, as it is, brighter)", "33 %", "75 %", "0 %")
    assert len(rows) == len(QUIZZES) + 1
    assert rows[-1] == ("All, on average", "35 %", "75 %", "0 %")


def test_scores__show_each_run_with_its_interval() -> None:
    def row(run_id: str, accuracy: float) -> ComparisonRow:
        scores = dict.fromkeys(("macro_f1", "macro_f1_low", "macro_f1_high"), 0.0)
        return ComparisonRow(
            run_id=run_id, name="<i>mine</i>", method="Linear probe", encoder="", source="", data="reef", n=100,
            accuracy=accuracy, low=accuracy - 0.1, high=accuracy + 0.1, top3=None, chance=0.1, train_s=None,
            parameters_trained=None, label_fraction=100, test_hash="", comparable=True, why_not="", **scores,
        )  # fmt: skip

    svg = score_svg([row("a", 0.5), row("b", 0.8)], {"a": "#111111", "b": "#222222"})
    first, second = drawn(svg).iter("rect")
    assert float(first.get("x", "")) < float(second.get("x", ""))
    assert {"<i>mine</i>", "50.0 % (40 to 60 %)", "80.0 % (70 to 90 %)"} <= set(words(svg))
