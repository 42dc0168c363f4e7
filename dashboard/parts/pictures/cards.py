"""Answers as cards: the picture, what it is, what the model said, how surely. Right and wrong differ in sign, word,
line and colour. A click, or Enter on the focused card, opens one; the browser fetches pictures as they come into sight.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from streamlit.components.v2 import component

from dashboard.data.answers import Answers
from dashboard.media import thumb_url
from dashboard.parts.elements import ELEMENTS_JS
from dashboard.state import Key, gallery

# Names reach the page as text, never as HTML.
_JS = """
function dot(colour) {
  const found = el('i', 'dot');
  found.style.background = colour;
  return found;
}
function card(picture, open) {
  const button = el('button', 'card ' + picture.state);
  button.type = 'button';
  button.title = picture.title;
  button.dataset.id = picture.id;
  const frame = el('span', 'frame');
  const image = el('img');
  image.src = picture.url;
  image.alt = picture.alt;
  image.loading = 'lazy';
  image.decoding = 'async';
  frame.append(image);
  if (picture.badge) frame.append(el('b', 'badge', picture.badge));
  const truth = el('span', 'truth');
  truth.append(dot(picture.colour), el('span', 'name', picture.truth));
  button.append(frame, truth);
  for (const said of picture.said) {
    const line = el('span', 'said ' + said.state);
    if (said.run) line.append(dot(said.run));
    line.append(el('b', '', said.sign), el('span', 'name', said.text), el('span', 'sure', said.sure));
    button.append(line);
  }
  button.onclick = () => open(picture.id);
  return button;
}
export default function ({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector('.cards');
  grid.setAttribute('aria-label', data.says);
  grid.replaceChildren(...data.cards.map((picture) => card(picture, (id) => setTriggerValue('opened', id))));
}
"""
_CSS = """
.cards { --right: var(--st-primary-color); --wrong: #D9531E; display: grid; gap: 14px 12px;
  grid-template-columns: repeat(auto-fill, minmax(138px, 1fr)); }
.card { display: flex; flex-direction: column; gap: 2px; min-width: 0; padding: 0; border: 0; background: none;
  color: inherit; font: inherit; text-align: left; cursor: pointer; }
.frame { position: relative; display: block; border: 3px solid transparent; border-radius: 10px; overflow: hidden; }
.right .frame { border-color: color-mix(in srgb, var(--right) 70%, transparent); }
.wrong .frame { border: 3px dashed var(--wrong); }
.card:hover .frame { filter: brightness(1.08); }
.card:focus-visible { outline: none; }
.card:focus-visible .frame { outline: 3px solid var(--st-text-color); outline-offset: 2px; }
img { display: block; width: 100%; aspect-ratio: 1; object-fit: cover;
  background: color-mix(in srgb, currentColor 8%, transparent); }
.badge { position: absolute; right: 5px; top: 5px; height: 22px; padding: 0 8px; border-radius: 11px;
  color: #fff; background: #0B7285; font-size: 12px; line-height: 22px;
  box-shadow: 0 0 0 1.5px rgb(255 255 255 / .85); }
.wrong .badge { background: #B93E10; }
.unlike .frame { border: 3px dotted #B8860B; }
.unlike .badge { background: #7A5200; }
.differ .badge { background: #14262E; }
.truth { margin-top: 4px; font-weight: 600; font-size: 14px; }
.truth, .said { display: flex; align-items: baseline; gap: 5px; line-height: 1.35; }
.said { font-size: 13px; }
.said b { flex: none; }
.said.right b { color: var(--right); }
.said.wrong b { color: var(--wrong); }
.name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; min-width: 0; }
.sure { margin-left: auto; flex: none; opacity: .72; font-variant-numeric: tabular-nums; }
.dot { flex: none; width: 10px; height: 10px; border-radius: 50%; }
"""
_cards = component("gallery_cards", html='<div class="cards" role="group"></div>', css=_CSS, js=ELEMENTS_JS + _JS)


_BADGES = {"right": "✓ right", "wrong": "✕ wrong", "differ": "≠ differ"}


def gallery_cards(
    answers: Answers, places: Iterable[int], says: str, models: Sequence[tuple[Answers, str]] = ()
) -> None:
    """The cards of ``places``; a click opens one large. ``models``: with two, each with its run's colour; all are then
    asked for each picture."""
    cards = [card(answers, int(place), models) for place in places]
    show_cards(cards, says, gallery.CARDS, gallery.PICTURE.set)


def show_cards(cards: Sequence[dict[str, Any]], says: str, key: Key, on_open: Callable[[str], None]) -> None:
    """Cards as :func:`card` makes them; ``on_open`` is called with the id of one that is clicked."""

    def opened() -> None:
        if image_id := key.event("opened"):
            on_open(str(image_id))

    _cards(data={"cards": list(cards), "says": says}, key=key, on_opened_change=opened)


def card(answers: Answers, place: int, models: Sequence[tuple[Answers, str]]) -> dict[str, Any]:
    """What one card shows: id, url, alt, title, state, badge, truth, colour and, a line a model, what it said."""
    truth, image_id = answers.classes[answers.truth[place]], str(answers.ids[place])
    if models:
        found = [(model, model.place_of(image_id), colour) for model, colour in models]
        said = [_said(model, at, colour) for model, at, colour in found]
        differ = len({line["text"] for line in said}) > 1
        state = "differ" if differ else said[0]["state"]
    else:
        said = [_said(answers, place, "")]
        state = said[0]["state"]
    told = "; ".join(
        f"{'right' if line['state'] == 'right' else 'wrong'}: {line['text']} {line['sure']}" for line in said
    )
    return {
        "id": image_id,
        "url": thumb_url(answers.dataset, int(answers.rows[place])),
        "alt": f"{truth}; {told}",
        "title": f"{truth}; {told}\n{answers.dataset.file_names[int(answers.rows[place])]}",
        "state": state,
        "badge": _BADGES[state],
        "truth": truth,
        "colour": answers.colour(int(answers.truth[place])),
        "said": said,
    }


def _said(model: Answers, place: int | None, run_colour: str) -> dict[str, str]:
    if place is None:
        return {"run": run_colour, "state": "", "sign": "–", "text": "not tested", "sure": ""}
    right = bool(model.truth[place] == model.predicted[place])
    name = model.classes[model.predicted[place]]
    return {
        "run": run_colour,
        "state": "right" if right else "wrong",
        "sign": "✓" if right else "✕",
        "text": name,
        "sure": f"{100 * model.confidence[place]:.0f} %",
    }
