"""Answers as cards: the picture, what it is, what the model said, how surely. Right and wrong differ in sign, word,
line and colour. A click, or Enter on the focused card, opens one; the browser fetches pictures as they come into sight.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from dashboard.data.answers import Answers
from dashboard.media import thumb_url
from dashboard.parts.own_component import own_component
from dashboard.state import Key, gallery

_cards = own_component(__file__, '<div class="cards" role="group"></div>')


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
