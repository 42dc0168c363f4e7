"""Views: the recipe, and which pictures and random views of them are shown."""

from collections.abc import Sequence

from dashboard.state.keys import Key, UrlKey, UrlPictures, UrlValue
from sealife_core.datasets.dataset import Dataset

RECIPE = UrlKey("recipe")
SEEN_AT = UrlKey("seen_at")
PAIRS = UrlKey("pairs")
COMPARE_WITH = UrlKey("compare_with")
MARK_LOST = UrlKey("mark_lost")
APART = UrlKey("apart")  # which of the ways to take one picture apart
DRAWING = UrlValue("draw", "views", "0")  # which random views
SHUFFLE = UrlValue("shuffle", "views", "0")  # which random pictures
FORM = Key("views")
PICKER = Key("picker")
STEPS = Key("steps")
HEAT = Key("views_heat")
MOST_PICTURES = 6

_PICTURES = UrlPictures("pictures")


def other_pictures() -> None:
    """Other random pictures instead of those shown or picked."""
    SHUFFLE.advance()
    _PICTURES.write("")


def picked(dataset: Dataset, otherwise: Sequence[int]) -> list[int]:
    """The rows that were picked; ``otherwise`` if none is known."""
    return _PICTURES.rows(dataset)[:MOST_PICTURES] or list(otherwise)


def toggle_picture(dataset: Dataset, rows: Sequence[int], row: int) -> None:
    """Add ``row`` to ``rows``, or take it away; the oldest is dropped if there are too many."""
    kept = [other for other in rows if other != row] if row in rows else [*rows, row]
    _PICTURES.set(dataset, kept[-MOST_PICTURES:])
