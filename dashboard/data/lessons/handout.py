"""Lessons on paper, as self-contained HTML."""

import inspect
from datetime import datetime
from html import escape

import numpy as np

from dashboard.data.lessons.lessons import Lesson, Reading
from sealife_core.evaluation.contrast.similarities import anchor_loss
from sealife_core.evaluation.figures.html_document import document, table
from sealife_core.wording import percent

# Named as on the board: A1 and B1 are the views of picture 1. Lengths are 1, so that the cosines are products.
VIEWS = {"A1": (1.0, 0.0), "B1": (0.8, 0.6), "A2": (0.0, 1.0), "B2": (-0.6, 0.8)}
TEMPERATURE = 0.5


def handout_html(lesson: Lesson, reading: Reading, figures: str) -> str:
    """The lesson, with ``figures`` (HTML) of what it shows, and its question; the answer is folded."""
    answer, options = lesson.judge(reading), lesson.options(reading)
    right = "" if answer.right is None else f"<b>{escape(options[answer.right])}.</b> "
    body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in lesson.says)
    body += f'<div class="six">{figures}</div>'
    body += f'<div class="together"><h2>Try it</h2><p>{escape(lesson.on_paper)}</p></div>'
    asked = "".join(f"<li>{escape(each)}</li>" for each in options)
    body += f'<div class="together"><h2>{escape(lesson.question)}</h2><ol>{asked}</ol></div>'
    body += _folded("Answer", f"<p>{right}{escape(answer.because)}</p>")
    return document(lesson.title, f"A lesson on contrastive learning; {datetime.now():%d %B %Y}", body)


def worksheet_table() -> list[dict[str, str]]:
    """The vectors of the worksheet."""
    return [{"View": name, "z": f"({x:g}, {y:g})".replace("-", "−")} for name, (x, y) in VIEWS.items()]


def worksheet_html() -> str:
    """Task and folded solution. The solution is computed by the code that the page shows."""
    task = (
        "<p>Two pictures, 1 and 2, and two views of each, A and B. A small network has made a vector z of every view."
        " All have length 1, so the cosine of two is x times x plus y times y.</p>"
        f"{table(worksheet_table())}<ol><li>Which vectors are positive pairs? Which are the negatives of A1?</li>"
        "<li>Compute the cosine of A1 with each of the others.</li><li>Divide each by the temperature"
        f" {TEMPERATURE:g} and take its exponential. The probability that A1 gives to its partner is the partner’s"
        " share of the sum of the three.</li><li>The loss of A1 is minus the natural logarithm of this probability. Is"
        " it below ln 3, the loss of one who guesses among three?</li><li>Compute the loss at temperature 0.1 too."
        " Which negative now gets nearly all of the gradient on the negatives?</li></ol>"
    )
    return document("The loss by hand", "NT-Xent on four vectors", task + _folded("Solution", _solution()))


def _solution() -> str:
    z = np.array(list(VIEWS.values()))
    cosines = z @ z[0]
    others = list(VIEWS)[1:]
    rows = [
        {
            "View": name,
            "cosine": f"{cosine:z.2f}".replace("-", "−"),
            **{f"exp(cosine / {t:g})": f"{np.exp(cosine / t):,.3f}" for t in (TEMPERATURE, 0.1)},
        }
        for name, cosine in zip(others, cosines[1:], strict=True)
    ]
    losses = {t: anchor_loss(cosines.tolist(), 0, 1, t) for t in (TEMPERATURE, 0.1)}
    said = "; ".join(f"{loss:.4f} at temperature {t:g}" for t, loss in losses.items())
    partner = np.exp(-losses[TEMPERATURE])
    pushed = np.exp(cosines[2:] / 0.1)  # of the negatives, which come after A1 and its partner
    nearest, share = others[1 + int(pushed.argmax())], float(pushed.max() / pushed.sum())
    return (
        "<p>A1 and B1 are a positive pair, A2 and B2 another. B1 is the partner of A1; A2 and B2 are its negatives.</p>"
        f"{table(rows)}<p>At temperature {TEMPERATURE:g} A1 gives its partner the probability {partner:.3f}.</p>"
        f"<p>The loss of A1 is {said}; that of guessing is ln 3 = {np.log(3):.3f}. At 0.1 {nearest}, the more"
        f" similar negative, gets {percent(share)} of the gradient on the negatives.</p>"
        f"<p>The same as code:</p><pre>{escape(inspect.getsource(anchor_loss))}</pre>"
    )


def _folded(title: str, body: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{body}</details>"
