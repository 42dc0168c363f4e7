"""What a lesson shows, for its handout: charts and tables as HTML and SVG that need nothing beside them."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from dashboard.words import percent_within
from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow
from sealife_core.evaluation.contrast.readout import QUIZZES, Readout, mean_score
from sealife_core.evaluation.embeddings.stored_embeddings import Space
from sealife_core.evaluation.figures.html_document import table
from sealife_core.wording import percent

ACCENT, INK, LINE = "#0B7285", "#14262E", "#D5E0E3"
WHITE_FROM = 0.82  # of ACCENT on white: darker, white letters stand out more than INK
_CELL, _EDGE = 40, 48  # px of the matrix


def figure(caption: str, body: str) -> str:
    """``body`` (HTML) with a line of plain text below it."""
    return f'<figure>{body}<figcaption class="quiet">{escape(caption)}</figcaption></figure>'


def view_name(place: int, pictures: int) -> str:
    """What a view of a batch is called: "A1" … of the first views, "B1" … of their partners."""
    return f"{'AB'[place // pictures]}{place % pictures + 1}"


def matrix_svg(similarities: np.ndarray) -> str:
    """(2N, 2N) cosines: a darker cell is more similar, a positive pair is framed."""
    views = len(similarities)
    n, side = views // 2, _EDGE + views * _CELL
    off = similarities[~np.eye(views, dtype=bool)]
    low, high = float(off.min()), float(off.max())
    parts = []
    for i in range(views):
        at = _EDGE + i * _CELL + _CELL / 2
        parts += [_text(at, _EDGE - 10, view_name(i, n), "middle"), _text(_EDGE - 10, at + 4, view_name(i, n), "end")]
        for j in range(views):
            if i == j:
                continue
            x, y, value = _EDGE + j * _CELL, _EDGE + i * _CELL, float(similarities[i, j])
            share = (value - low) / max(high - low, 1e-9)
            said, ink = _cosine(value).replace("0.", ".", 1), "#fff" if share > WHITE_FROM else INK
            frame = f'stroke="{INK}" stroke-width="3"' if abs(i - j) == n else 'stroke="#fff"'
            parts.append(
                f'<rect x="{x + 1}" y="{y + 1}" width="{_CELL - 2}" height="{_CELL - 2}" fill="{ACCENT}"'
                f' fill-opacity="{share:.2f}" {frame}/>' + _text(x + _CELL / 2, y + _CELL / 2 + 4, said, "middle", ink)
            )
    return _svg(side, side, parts, "The cosines of all views with each other")


def shares_table(similarities: np.ndarray, shares: dict[float, np.ndarray], anchor: int, names: Sequence[str]) -> str:
    """The negatives of ``anchor``, the most similar first, with what each gets of the gradient.

    shares: temperature → (2N, 2N) shares; names: of the class of each picture.
    """
    views = len(similarities)
    n = views // 2
    others = [j for j in np.argsort(-similarities[anchor], kind="stable").tolist() if j % n != anchor % n]
    rows = [
        {
            f"Negatives of {view_name(anchor, n)}": f"{view_name(j, n)} {names[j % n]}",
            "cosine": _cosine(similarities[anchor, j]),
            **{f"share at temperature {t:g}": percent(float(of[anchor, j]), 0) for t, of in shares.items()},
        }
        for j in others
    ]
    return table(rows)


def quizzes_table(found: Mapping[Space, Readout]) -> str:
    """The right answers of each quiz by what was read, beside chance."""
    of_all = {space: percent(mean_score(of), 0) for space, of in found.items()}
    guessing = sum(quiz.chance for quiz in QUIZZES) / len(QUIZZES)
    rows = [
        {
            "What is asked": f"{quiz.title} ({', '.join(words for words, _ in quiz.versions)})",
            "guessing": percent(quiz.chance, 0),
            **{space: percent(float(of[quiz.name].mean()), 0) for space, of in found.items()},
        }
        for quiz in QUIZZES
    ]
    return table([*rows, {"What is asked": "All, on average", "guessing": percent(guessing, 0), **of_all}])


def score_svg(rows: Sequence[ComparisonRow], colours: dict[str, str]) -> str:
    """The accuracy of each run, its 95 % interval, and chance as a dotted line."""
    parts, start, wide = [], 300, 300
    for place, row in enumerate(rows):
        y = 24 + 56 * place
        value, low, high = (start + wide * share for share in (row.accuracy, row.low, row.high))
        said = percent_within(row.accuracy, row.low, row.high)
        chance = start + wide * row.chance
        parts += [
            _text(0, y, row.method, weight=600), _text(0, y + 16, row.name, size=11),
            _line(start, y, start + wide, y, LINE), _line(chance, y - 12, chance, y + 12, INK, "2 3"),
            f'<rect x="{low:.1f}" y="{y - 5}" width="{high - low:.1f}" height="10" rx="4"'
            f' fill="{colours[row.run_id]}"/>',
            _line(value, y - 12, value, y + 12, INK),
            _text(start + wide + 14, y + 5, said),
        ]  # fmt: skip
    return _svg(start + wide + 170, 24 + 56 * len(rows), parts, "The accuracies with their intervals")


def _cosine(value: float) -> str:
    return f"{value:z.2f}".replace("-", "−")


def _svg(width: float, height: float, parts: Sequence[str], says: str) -> str:
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" style="max-width:{width:g}px" role="img" aria-label="{escape(says)}"'
        f' font-family="system-ui, sans-serif">{"".join(parts)}</svg>'
    )


def _text(
    x: float, y: float, words: str, anchor: str = "start", fill: str = INK, size: int = 13, weight: int = 400
) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{fill}" font-size="{size}"'
        f' font-weight="{weight}">{escape(words)}</text>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, dashes: str = "none") -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="1.5"'
        f' stroke-dasharray="{dashes}"/>'
    )
