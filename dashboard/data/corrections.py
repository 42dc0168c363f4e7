"""What people have corrected, as pages show it: of one picture, and of a whole data set."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.data.pictures import class_of, picture_facts
from sealife_core.datasets.corrections.editing import change_said, said
from sealife_core.datasets.corrections.entries import Entry, changed, in_force
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.figures.palette import label_colour

WHY_WORDS = {
    "hand": "by hand", "duplicate": "a copy", "suspect": "a doubtful label", "queue": "labelled next",
    "prediction": "after a prediction", "pattern": "a pattern or a column", "place": "a place held out",
    "agreement": "a disagreement settled", "blind": "without seeing the label", "file": "from a file",
}  # fmt: skip
MOST_SUGGESTED = 9  # one a key


@dataclass(frozen=True)
class HistoryRow:
    """An entry as a line. ``stands``: a correction that holds; None: an undoing or redoing, which cannot be undone."""

    number: int
    what: str
    about: str
    stands: bool | None


def history(dataset: Dataset) -> list[HistoryRow]:
    """All entries, the newest first."""
    holds = {entry.number for entry in in_force(dataset.entries)}
    files = dataset.original_names if dataset.entries else {}
    rows = []
    for one in reversed(dataset.entries):
        what = said(one)
        if len(one.images) == 1:
            what = what.replace("1 image", files.get(next(iter(one.images)), "1 image"), 1)
        rows.append(HistoryRow(one.number, what, about(one), one.number in holds if one.corrects else None))
    return rows


def about(entry: Entry) -> str:
    """Who, why and when: "Ada, by hand, 2026-11-29 14:05 UTC"; of a file of corrections also when it was applied."""
    why = WHY_WORDS.get(entry.reason, entry.reason) if entry.corrects else ""
    why += f" ({entry.pattern})" if entry.pattern else ""
    applied = f"applied {_minute(entry.applied)}" if entry.applied else ""
    return ", ".join(filter(None, (entry.by, why, _minute(entry.at), applied)))


def _minute(at: str) -> str:
    return f"{at[:16].replace('T', ' ')} UTC"


def picture_history(dataset: Dataset, image: str) -> list[str]:
    """What was changed of one image, the newest first; undone changes are marked."""
    holds = {entry.number for entry in in_force(dataset.entries)}
    lines = []
    for entry in reversed(dataset.entries):
        changes = entry.images.get(image, {})
        if changes:
            done = "; ".join(change_said(field, *pair) for field, pair in changed(changes).items())
            undone = "" if entry.number in holds else " (undone)"
            lines.append(f"{done} · {about(entry)}{undone}")
    return lines


def known_of(dataset: Dataset, image: str, near: Sequence[tuple[int, float]]) -> dict[str, Any]:
    """What is known of one image, excluded or not: its facts and history, and the classes that it may have.

    near: (row, cosine similarity) of the most similar images.
    """
    excluded = image not in set(dataset.manifest["id"].tolist())
    whole = dataset.whole
    row = whole.row_of(image)
    label, split = str(whole.manifest["label"].iat[row]), str(whole.manifest["split"].iat[row])
    facts = [*picture_facts(whole, row).items(), *(("Changed", line) for line in picture_history(dataset, image))]
    return {
        "facts": facts, "label": label, "split": split, "excluded": excluded,
        "group": str(whole.manifest["group"].iat[row]),
        "version": dataset.version, "classes": dataset.classes,
        "suggested": suggested(dataset, [place for place, _ in near]),
        "near": [
            {
                "row": place, "caption": f"{class_of(dataset, place)} · {similarity:.2f}",
                "colour": label_colour(dataset, int(dataset.labels[place])),
            }
            for place, similarity in near
        ],
    }  # fmt: skip


def suggested(dataset: Dataset, rows: Sequence[int]) -> list[str]:
    """Classes that an image with these neighbours may have, the commonest among them first; then all others."""
    counts = Counter(dataset.classes[label] for label in dataset.labels[list(rows)] if label >= 0)
    likely = [name for name, _ in counts.most_common()]
    return [*likely, *(name for name in dataset.classes if name not in counts)][:MOST_SUGGESTED]
