"""Precision, recall and F1 of each class, and the class it is most often confused with; a click shows the pictures.
A heading sorts, in the browser.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from streamlit.components.v2 import component

from dashboard.data.answers import Answers
from dashboard.data.confusion import class_row
from dashboard.parts.elements import ELEMENTS_JS
from dashboard.state import Key

_JS = """
const COLUMNS = [['name', 'Class'], ['n', 'Pictures'], ['recall', 'Recall'], ['precision', 'Precision'], ['f1', 'F1'],
  ['mistakes', 'Most confused with']];
export default function ({ data, parentElement, setTriggerValue }) {
  const table = parentElement.querySelector('table');
  table.sorted ??= { by: 'f1', up: true };
  const draw = () => {
    const { by, up } = table.sorted;
    const rows = [...data.rows].sort((a, b) => (a[by] < b[by] ? -1 : a[by] > b[by] ? 1 : 0) * (up ? 1 : -1));
    table.replaceChildren();
    const head = table.createTHead().insertRow();
    for (const [key, title] of COLUMNS) {
      const cell = el('th', key), button = el('button', 'sort', title + (key === by ? (up ? ' ↑' : ' ↓') : ''));
      button.type = 'button';
      cell.setAttribute('aria-sort', key === by ? (up ? 'ascending' : 'descending') : 'none');
      button.onclick = () => {
        table.sorted = { by: key, up: key === by ? !up : key !== 'mistakes' && key !== 'n' };
        draw();
      };
      cell.append(button);
      head.append(cell);
    }
    const body = table.createTBody();
    for (const row of rows) {
      const line = body.insertRow(), name = el('button', 'link'), dot = el('i', 'dot');
      dot.style.background = row.colour;
      name.type = 'button';
      name.append(dot, el('span', '', row.name));
      name.title = 'Pictures of ' + row.name;
      name.onclick = () => setTriggerValue('picked', { truth: row.name });
      line.insertCell().append(name);
      line.insertCell().append(el('span', 'number', row.n));
      for (const key of ['recall', 'precision', 'f1']) {
        const meter = el('span', 'meter'), fill = el('i');
        fill.style.width = 100 * row[key] + '%';
        fill.style.background = row.colour;
        meter.append(fill);
        const cell = line.insertCell();
        cell.append(meter, el('span', 'number', (100 * row[key]).toFixed(0) + ' %'));
        if (key === 'recall') cell.title = '95 % interval: ' + row.interval;
      }
      const last = line.insertCell();
      if (row.mistakes) {
        const mixed = el('button', 'link', row.taken_for + ' (' + row.mistakes + ')');
        mixed.type = 'button';
        mixed.onclick = () => setTriggerValue('picked', { truth: row.name, predicted: row.taken_for });
        last.append(mixed);
      }
    }
  };
  draw();
}
"""
_CSS = """
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .875rem; }
th, td { padding: 3px 8px; text-align: left; white-space: nowrap; border-bottom: 1px solid var(--st-border-color); }
button { border: 0; padding: 2px 4px; margin: 0 -4px; background: none; color: inherit; font: inherit; cursor: pointer;
  border-radius: 4px; text-align: left; }
button:focus-visible { outline: 2px solid var(--st-text-color); }
.sort { font-weight: 600; opacity: .8; }
.link { display: inline-flex; align-items: center; gap: 6px; }
.link:hover { background: color-mix(in srgb, currentColor 9%, transparent); text-decoration: underline; }
.dot { flex: none; width: 10px; height: 10px; border-radius: 50%; }
.meter { display: inline-block; width: 5.5rem; height: 9px; margin-right: 8px; border-radius: 3px; overflow: hidden;
  background: color-mix(in srgb, currentColor 8%, transparent); }
.meter i { display: block; height: 100%; }
.number { font-variant-numeric: tabular-nums; }
@media (max-width: 700px) { .meter { width: 2.5rem; } }
"""
_table = component("class_table", html='<div class="scroll"><table></table></div>', css=_CSS, js=ELEMENTS_JS + _JS)


def class_table(
    answers: Answers,
    per_class: list[dict[str, Any]],
    counts: np.ndarray,
    key: Key,
    on_pick: Callable[[dict[str, str]], None],
) -> None:
    """``per_class`` as ``scores`` gives it, ``counts`` (C, C) with row = truth. ``on_pick`` gets what is clicked."""
    rows = [class_row(answers, index, scored, counts) for index, scored in enumerate(per_class) if scored["n"]]

    def picked() -> None:
        if cell := key.event("picked"):
            on_pick(dict(cell))

    _table(data={"rows": rows}, key=key, on_picked_change=picked)
