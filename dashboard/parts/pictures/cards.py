"""Answers as cards: the picture, what it is, what the model said, how surely. Right and wrong differ in sign, word,
line and colour. A click, or Enter on the focused card, opens one; the browser fetches pictures as they come into sight.
"""

from collections.abc import Callable, Sequence
from typing import Any

from dashboard.data.classifier_answers import Answers
from dashboard.media import thumb_url
from dashboard.parts.own_component import own_component
from dashboard.state import Key

_BADGES = {"right": "✓ right", "wrong": "✕ wrong", "differ": "≠ differ"}
_cards = own_component(__file__, '<div class="cards" role="group"></div>')


def show_cards(cards: Sequence[dict[str, Any]], says: str, key: Key, on_open: Callable[[str], None]) -> None:
    """Cards as :func:`card` makes them; ``on_open`` is called with the id of one that is clicked."""
    _cards(data={"cards": list(cards), "says": says}, key=key, on_opened_change=key.on("opened", on_open))


def card(answers: Answers, place: int, models: Sequence[tuple[Answers, str]]) -> dict[str, Any]:
    """What one card shows: id, url, alt, title, state, badge, truth, colour and, a line a model, what it said.

    models: two models with the colours of their runs, both asked for the picture; or none: ``answers`` says it alone.
    """
    row, index, image_id = int(answers.rows[place]), int(answers.truth[place]), str(answers.ids[place])
    if models:
        said = [_said(model, model.place_of(image_id), colour) for model, colour in models]
    else:
        said = [_said(answers, place, "")]
    state = "differ" if len({line["text"] for line in said}) > 1 else said[0]["state"]
    truth = answers.classes[index]
    told = "; ".join(
        f"{'right' if line['state'] == 'right' else 'wrong'}: {line['text']} {line['sure']}" for line in said
    )
    return {
        "id": image_id,
        "url": thumb_url(answers.dataset, row),
        "alt": f"{truth}; {told}",
        "title": f"{truth}; {told}\n{answers.dataset.file_names[row]}",
        "state": state,
        "badge": _BADGES[state],
        "truth": truth,
        "colour": answers.colour(index),
        "said": said,
    }


def _said(model: Answers, place: int | None, run_colour: str) -> dict[str, str]:
    if place is None:
        return {"run": run_colour, "state": "", "sign": "–", "text": "not tested", "sure": ""}
    state, sign = ("right", "✓") if model.right[place] else ("wrong", "✕")
    text, sure = model.classes[model.predicted[place]], f"{100 * model.confidence[place]:.0f} %"
    return {"run": run_colour, "state": state, "sign": sign, "text": text, "sure": sure}
