"""Correcting one picture where it is open: what the browser sends becomes an entry of the log.

What was done is told where the picture is open: a line at the top of the page would move the page, and close it.
"""

from functools import partial
from typing import Any

from dashboard import cache
from dashboard.media import picture_url
from dashboard.state import Key, corrections
from dashboard.words import SPLIT_WORDS
from sealife_core.datasets.corrections.editing import correct, said, undo
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import SealifeError


def correcting(dataset: Dataset) -> dict[str, Any]:
    """What a component needs so that its pictures can be corrected: see lightbox.js."""
    return {
        "about": picture_url(dataset),
        "classes": list(dataset.classes),
        "splits": list(SPLIT_WORDS.items()),
        "by": corrections.BY.held(""),
        "told": corrections.TOLD.held(),
    }


def events(dataset: Dataset, key: Key) -> dict[str, Any]:
    """The callbacks of such a component."""
    return {
        "on_corrected_change": key.on("corrected", partial(_correct, dataset.name)),
        "on_named_change": key.on("named", corrections.BY.hold),
    }


def _correct(name: str, told: dict[str, str]) -> None:
    """One change of one image, or the undoing of the last one here."""
    by = str(told.get("by", ""))
    corrections.BY.hold(by)
    last = corrections.TOLD.held() or {}
    try:
        dataset = cache.dataset(name)
        if told.get("undo"):
            now = undo(dataset, int(last.get("number", 0)), by=by)
        else:
            change = {str(told["field"]): str(told["value"])}
            now = correct(dataset, {str(told["id"]): change}, by=by, why="hand")
    except SealifeError as error:
        corrections.TOLD.hold({"number": last.get("number", 0), "text": str(error), "fails": True})
        return
    entry = now.entries[-1]
    corrections.TOLD.hold({"number": entry.number if entry.corrects else 0, "text": said(entry), "fails": False})
