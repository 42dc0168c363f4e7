"""Every class with how likely the model holds it; a click on one asks for the evidence of that class."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from streamlit.components.v2 import component

from dashboard.data.answers import Answers
from dashboard.parts.elements import ELEMENTS_JS
from dashboard.state import Key, gallery
from sealife_core.wording import percent

MOST = 30

_JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  const list = parentElement.querySelector('.bars');
  list.replaceChildren(...data.rows.map((row) => {
    const button = el('button', 'row');
    button.type = 'button';
    button.setAttribute('aria-pressed', String(row.pressed));
    button.title = data.asks + row.name;
    const name = el('span', 'name');
    const dot = el('i', 'dot');
    dot.style.background = row.colour;
    name.append(dot, el('span', 'text', row.name));
    if (row.truth) name.append(el('b', 'mark', 'truth'));
    const bars = el('span', 'tracks');
    for (const bar of row.bars) {
      const line = el('span', 'line'), track = el('span', 'track'), fill = el('i', 'fill');
      fill.style.width = 100 * bar.share + '%';
      fill.style.background = bar.colour;
      track.append(fill);
      line.append(track, el('span', 'percent', bar.percent));
      bars.append(line);
    }
    button.append(name, bars);
    button.onclick = () => setTriggerValue('asked', row.name);
    return button;
  }));
}
"""
_CSS = """
.bars { display: flex; flex-direction: column; }
.row { display: grid; grid-template-columns: minmax(0, 10.5rem) minmax(0, 1fr); gap: .625rem; align-items: center;
  padding: 2px 6px; border: 1.5px solid transparent; border-radius: 6px; background: none; color: inherit;
  font: inherit; font-size: .8125rem; line-height: 1.3; text-align: left; cursor: pointer; }
.row:hover { background: color-mix(in srgb, currentColor 7%, transparent); }
.row[aria-pressed="true"] { border-color: var(--st-primary-color); }
.row:focus-visible { outline: 2px solid var(--st-text-color); }
.name { display: flex; align-items: center; gap: 6px; min-width: 0; }
.text { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.mark { flex: none; font-size: .6875rem; padding: 0 5px; border-radius: 6px; border: 1px solid currentColor; }
.dot { flex: none; width: 10px; height: 10px; border-radius: 50%; }
.line { display: flex; align-items: center; gap: .5rem; }
.track { flex: 1; height: 11px; border-radius: 3px; overflow: hidden;
  background: color-mix(in srgb, currentColor 8%, transparent); }
.line + .line { margin-top: 1px; }
.fill { display: block; height: 100%; border-radius: 3px; }
.percent { width: 3.1rem; text-align: right; font-variant-numeric: tabular-nums; }
"""
_bars = component("probability_bars", html='<div class="bars" role="group"></div>', css=_CSS, js=ELEMENTS_JS + _JS)


def probability_bars(
    answers: Answers, models: Sequence[tuple[np.ndarray, str]], *, truth: int | None, asked: int, key: Key
) -> None:
    """``models``: the probabilities (C,) of one or two models in the order of the classes of ``answers``, and their
    colours ("": each class its own). ``truth`` and ``asked``, the class whose evidence is shown, are indices.

    A click on a class asks for its evidence. Beyond MOST classes the least likely are left out.
    """
    order = shown_classes(models[0][0], truth)
    rows: list[dict[str, Any]] = []
    for index in order:
        own = answers.colour(index)
        bars = [
            {"share": float(values[index]), "percent": percent(float(values[index])), "colour": colour or own}
            for values, colour in models
        ]
        name = answers.classes[index]
        rows.append({"name": name, "colour": own, "truth": index == truth, "pressed": index == asked, "bars": bars})
    data = {"rows": rows, "asks": "Show the evidence for "}

    def ask() -> None:
        if name := key.event("asked"):
            gallery.EVIDENCE.set(str(name))

    _bars(data=data, key=key, on_asked_change=ask)


def shown_classes(probabilities: np.ndarray, truth: int | None) -> list[int]:
    """The likeliest classes first, at most MOST; the truth is always among them."""
    order = np.argsort(-probabilities, kind="stable").tolist()
    kept = order[:MOST]
    return kept if truth is None or truth in kept else [*kept[:-1], truth]
