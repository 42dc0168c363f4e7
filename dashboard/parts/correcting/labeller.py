"""One picture after the other, labelled with keys: see labeller.js."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.correction_routes import correct_url
from dashboard.media import LARGE_PX, thumb_url
from dashboard.parts.correcting.correcting import correcting
from dashboard.parts.own_component import own_component
from dashboard.parts.pictures.image_grid import grid_picture
from dashboard.state import Key, corrections
from sealife_core.datasets.corrections.entries import Entry, People, in_force
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.figures.palette import UNLABELLED_COLOUR, class_colours

MOST_LIKELY, EXAMPLES = 9, 6
MOST_CHOICES = 30  # classes with a button each where none is likelier than others
MOST_EARLIER = 50
_UNTOLD = {"label": "", "file": "", "picture": None}
_LABELLER = own_component(__file__, shared="lightbox")


@dataclass(frozen=True)
class Ask:
    """One picture to label. likely: (class, probability), the likeliest first; near: similar rows, each with words;
    alike: rows that look the same; note: why it is asked; split: where it goes with its label, "" for where it is."""

    row: int
    likely: Sequence[tuple[str, float]]
    near: Sequence[tuple[int, str]] = ()
    alike: Sequence[int] = ()
    note: str = ""
    split: str = ""


def labeller(dataset: Dataset, asks: Sequence[Ask], key: Key, *, mode: str, why: str, every: int) -> None:
    """The pictures of ``asks``. mode: "next", "doubtful", "agreement" or "blind"; the page runs again after ``every``
    answers. Blind, nothing tells the label that a picture has, its folder neither, and answers are opinions."""
    items = [_item(dataset, ask) | (_UNTOLD if mode == "blind" else {}) for ask in asks]
    _LABELLER(
        data={
            "items": items, "mode": mode, "why": why, "every": every, "send": correct_url(dataset),
            "earlier": _earlier(dataset, why, blind=mode == "blind"),
            "by": People(dataset.entries).called(corrections.BY.held("")),
            "about": correcting(dataset, correctable=False),
            "classes": _classes(dataset, {ask.row for ask in asks} if mode == "blind" else ()),
            "version": [dataset.version, [item["id"] for item in items]],
        },
        key=key, on_more_change=lambda: None, on_named_change=key.on("named", corrections.BY.hold),
    )  # fmt: skip


def _item(dataset: Dataset, ask: Ask) -> dict[str, Any]:
    ids, label = dataset.manifest["id"], dataset.manifest["label"].iat[ask.row]
    colours, unknown = class_colours(dataset), not any(share for _, share in ask.likely)
    return {
        "id": str(ids.iat[ask.row]),
        "large": thumb_url(dataset, ask.row, LARGE_PX),
        "picture": grid_picture(dataset, ask.row, ""),
        "file": dataset.file_names[ask.row],
        "label": str(label),
        "note": ask.note,
        "split": ask.split,
        "likely": [
            {"name": name, "share": float(share), "colour": colours.get(name, UNLABELLED_COLOUR)}
            for name, share in ask.likely[: MOST_CHOICES if unknown else MOST_LIKELY]
        ],
        "near": [grid_picture(dataset, row, words) for row, words in ask.near],
        "alike": [{"id": str(ids.iat[row]), "url": thumb_url(dataset, row)} for row in ask.alike],
    }


def _earlier(dataset: Dataset, why: str, *, blind: bool) -> list[dict[str, Any]]:
    """The last answers, the newest last, so that they can be undone after a reload too."""
    answers = [entry for entry in in_force(dataset.entries) if entry.why == why and entry.images][-MOST_EARLIER:]
    return [{"number": one.number, "by": one.by, "file": "" if blind else _file(dataset, one)} for one in answers]


def _file(dataset: Dataset, answer: Entry) -> str:
    """The name of its first picture; "" where that is not there any more."""
    image = next(iter(answer.images))
    return str(dataset.file_names[dataset.row_of(image)]) if dataset.has(image) else ""


def _classes(dataset: Dataset, asked: Container[int]) -> list[dict[str, Any]]:
    """Every class with some of its pictures, to compare with; none that is ``asked``, and would be told by that."""
    rows: dict[int, list[int]] = {}
    for row, label in enumerate(dataset.labels.tolist()):
        if label >= 0 and row not in asked and len(rows.setdefault(label, [])) < EXAMPLES:
            rows[label].append(row)
    return [
        {"name": name, "examples": [thumb_url(dataset, row) for row in rows.get(index, [])]}
        for index, name in enumerate(dataset.classes)
    ]
