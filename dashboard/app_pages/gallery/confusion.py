"""The confusion matrix as a table of buttons: a click, or Enter, on a cell or a name shows the pictures behind it.

Arrow keys move within it. What is right stands on the diagonal in the accent; mistakes are warm, so that they are seen.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from streamlit.components.v2 import component

from dashboard.data.answers import Answers
from dashboard.data.confusion import as_shares
from dashboard.parts.elements import ELEMENTS_JS
from dashboard.state import Key

SHARES = {"": "Counts", "truth": "Share of each true class", "said": "Share of each predicted class"}

_JS = """
function label(side, place, tell) {
  const button = el('button', 'label');
  button.type = 'button';
  const dot = el('i', 'dot');
  dot.style.background = place.colour;
  button.append(dot, el('span', '', place.name));
  button.title = side === 'row' ? 'Pictures of ' + place.name : 'Pictures classified as ' + place.name;
  button.onclick = () => tell(side === 'row' ? { truth: place.name } : { predicted: place.name });
  return button;
}
export default function ({ data, parentElement, setTriggerValue }) {
  const tell = (cell) => setTriggerValue('picked', cell);
  const table = parentElement.querySelector('table');
  table.style.setProperty('--cell', Math.max(28, Math.min(56, 930 / data.classes.length)) + 'px');
  const focused = table.getRootNode().activeElement?.dataset?.at;
  table.replaceChildren();
  const head = table.createTHead().insertRow();
  head.append(el('td', 'corner'));
  for (const place of data.classes) {
    const cell = el('th', 'column');
    cell.scope = 'col';
    cell.append(label('column', place, tell));
    head.append(cell);
  }
  const body = table.createTBody(), cells = [];
  data.classes.forEach((truth, i) => {
    const row = body.insertRow(), name = el('th', 'row');
    name.scope = 'row';
    name.append(label('row', truth, tell));
    row.append(name);
    cells.push(data.classes.map((said, j) => {
      const cell = row.insertCell(), button = el('button', i === j ? 'cell right' : 'cell');
      button.type = 'button';
      button.textContent = data.texts[i][j];
      button.style.setProperty('--share', data.shades[i][j]);
      if (data.shades[i][j] > 0.6) button.classList.add('full');
      button.title = truth.name + (i === j ? ', classified correctly: ' : ', classified as ' + said.name + ': ')
        + data.counts[i][j] + ' of ' + truth.count;
      button.setAttribute('aria-label', button.title);
      button.dataset.at = i + ' ' + j;
      button.tabIndex = i === 0 && j === 0 ? 0 : -1;
      if (!data.counts[i][j]) button.setAttribute('aria-disabled', 'true');
      button.onclick = () => { if (data.counts[i][j]) tell({ truth: truth.name, predicted: said.name }); };
      cell.append(button);
      return button;
    }));
  });
  body.onkeydown = (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const at = event.target.dataset?.at?.split(' ').map(Number);
    if (!step || !at) return;
    event.preventDefault();
    event.stopPropagation();
    const next = cells[at[0] + step[0]]?.[at[1] + step[1]];
    if (next) { event.target.tabIndex = -1; next.tabIndex = 0; next.focus(); }
  };
  body.onmouseover = (event) => {
    const at = event.target.dataset?.at?.split(' ')[1];
    table.querySelectorAll('th.column').forEach((cell, j) => cell.classList.toggle('over', String(j) === at));
  };
  table.onmouseleave = () => table.querySelectorAll('.over').forEach((cell) => cell.classList.remove('over'));
  if (focused) table.querySelector('[data-at="' + focused + '"]')?.focus();
}
"""
_CSS = """
.scroll { overflow-x: auto; padding: 10px 0 4px; }
table { border-collapse: separate; border-spacing: 2px; }
button { border: 0; background: none; color: inherit; font: inherit; cursor: pointer; }
button:focus-visible { outline: 2px solid var(--st-text-color); outline-offset: 1px; }
td, th { padding: 0; font-weight: 400; }
.label { display: flex; align-items: center; gap: 6px; font-size: .8125rem; line-height: 1.2; white-space: nowrap;
  padding: 2px 4px; border-radius: 4px; }
.label:hover, .over .label { background: color-mix(in srgb, currentColor 10%, transparent); }
.label span { overflow: hidden; text-overflow: ellipsis; max-width: 8.5rem; }
.dot { flex: none; width: 9px; height: 9px; border-radius: 50%; }
th.row { position: sticky; left: 0; z-index: 1; background: var(--st-background-color); }
th.row .label { margin-left: auto; flex-direction: row-reverse; }
tr:hover th.row .label { background: color-mix(in srgb, currentColor 10%, transparent); }
th.column { vertical-align: bottom; }
th.column .label { writing-mode: vertical-rl; transform: rotate(180deg); margin: 0 auto; padding: 4px 2px; }
.cell { --tint: #D9531E; display: block; width: var(--cell); height: min(36px, var(--cell)); padding: 0 2px;
  border-radius: 4px; font-size: .78125rem; font-variant-numeric: tabular-nums; text-align: center;
  --empty: color-mix(in srgb, currentColor 5%, transparent);
  background: color-mix(in srgb, var(--tint) calc(100% * var(--share)), var(--empty)); }
.cell.right { --tint: #0B7285; }
.cell.full { color: #fff; }
.cell:hover:not([aria-disabled]) { box-shadow: 0 0 0 2px var(--st-text-color); }
.cell[aria-disabled] { cursor: default; }
"""
_matrix = component(
    "confusion_matrix", html='<div class="scroll"><table></table></div>', css=_CSS, js=ELEMENTS_JS + _JS
)


def confusion_matrix(
    answers: Answers,
    counts: np.ndarray,
    shown: Sequence[int],
    shares: str,
    key: Key,
    on_pick: Callable[[dict[str, str]], None],
) -> None:
    """``counts`` (C, C), row = truth; ``shown``: the classes of it, in order; ``shares``: a key of SHARES.

    ``on_pick`` is called with what is clicked: truth, predicted or both.
    """
    part = counts[np.ix_(shown, shown)]
    values = as_shares(counts, shares)[np.ix_(shown, shown)]
    data: dict[str, Any] = {
        "classes": [
            {"name": answers.classes[i], "colour": answers.colour(i), "count": int(counts[i].sum())} for i in shown
        ],
        "counts": part.tolist(),
        "texts": [[_text(value, shares) for value in row] for row in values],
        # The square root: one mistake in thirty must still be seen.
        "shades": np.round(np.sqrt(values / max(values.max(), 1e-9)) * 0.9, 3).tolist(),
    }

    def picked() -> None:
        if cell := key.event("picked"):
            on_pick(dict(cell))

    _matrix(data=data, key=key, on_picked_change=picked)


def _text(value: float, shares: str) -> str:
    if not value:
        return ""
    return f"{100 * value:.0f}" if shares else f"{value:.0f}"
