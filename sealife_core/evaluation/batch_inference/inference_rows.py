"""The answer for one picture as a row of plain values, and many of them as a table. Imports no torch.

A row of a picture has the keys of :func:`row_of`; that of a file that cannot be read has ``file`` and ``problem``.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:  # they import torch or SciPy
    from sealife_core.datasets.given_classes import ByHand
    from sealife_core.evaluation.classification.predictor import Prediction
    from sealife_core.evaluation.classification.selective import Validated

UNKNOWN = "unknown"
Row = dict[str, Any]


def row_of(name: str, found: "Prediction | str", top: int, validated: "Validated | None") -> Row:
    """The row of the picture called ``name``, with its ``top`` classes; of a reason, that it cannot be read.

    confidence, probability: as the model gives them. calibrated: the same after temperature scaling; None without
    ``validated``. similarity, nearest: of the most similar training image; novelty: of the out-of-distribution check.
    """
    if isinstance(found, str):
        return {"file": name, "problem": found}
    ranked: list[Row] = [{"label": label, "probability": p} for label, p in found.ranked(top)]
    if validated:
        sure = validated.calibrated(found.probabilities[None])[0]
        place = {label: index for index, label in enumerate(found.classes)}
        for other in ranked:
            other["calibrated"] = float(sure[place[other["label"]]])
    near = found.nearest
    return {
        "file": name,
        "prediction": found.label,
        "confidence": found.confidence,
        "calibrated": ranked[0].get("calibrated"),
        "top": ranked,
        "similarity": found.similarity,
        "nearest": {"id": near.id, "label": near.label, "file": near.file} if near else None,
        "novelty": found.ood_score,
        "unlike": found.unlike,
    }


def sure_of(row: Row) -> float:
    """The calibrated confidence of a row, that of the model where there is none."""
    return row["confidence"] if row["calibrated"] is None else row["calibrated"]


def named(row: Row, threshold: float | None) -> str:
    """The class of a row, "unknown" below the threshold."""
    return row["prediction"] if is_named(row, threshold) else UNKNOWN


def is_named(row: Row, threshold: float | None) -> bool:
    """Whether the model is sure enough of a row to name it."""
    return threshold is None or sure_of(row) >= threshold


def table_of(
    rows: Sequence[Row],
    skipped: Sequence[tuple[str, str]],
    top: int,
    threshold: float | None = None,
    corrected: "Mapping[int, ByHand] | None" = None,
) -> pd.DataFrame:
    """One line a file, also for files that could not be read and those ``skipped``, (name, reason).

    threshold: with one, a column says "unknown" or the class. corrected: place of a row → the class that a person
    gave, who, and when.
    """
    others = [f"{what}_{place}" for place in range(2, top + 1) for what in ("class", "probability")]
    by_hand = ["corrected", "corrected_by", "corrected_at"]
    judged = ["named"] * (threshold is not None) + by_hand * (corrected is not None)
    columns = ["file", "prediction", "confidence", *others, "similarity", "novelty", "unlike"]
    columns += ["calibrated", *judged, "nearest", "nearest_class", "problem"]
    lines = [_line(row, top, threshold, corrected, place) for place, row in enumerate(rows)]
    lines += [{"file": name, "problem": reason} for name, reason in skipped]
    return pd.DataFrame([dict.fromkeys(columns, "") | line for line in lines], columns=columns)


def _line(
    row: Row, top: int, threshold: float | None, corrected: "Mapping[int, ByHand] | None", place: int
) -> dict[str, str]:
    if "problem" in row:
        return row
    given = corrected.get(place) if corrected else None
    line = {
        "file": row["file"],
        "prediction": row["prediction"],
        "confidence": f"{row['confidence']:.6f}",
        "similarity": "" if row["similarity"] is None else f"{row['similarity']:.6f}",
        "novelty": "" if row["novelty"] is None else f"{row['novelty']:.4f}",
        "unlike": "" if row["unlike"] is None else "yes" if row["unlike"] else "no",
        "calibrated": "" if row["calibrated"] is None else f"{row['calibrated']:.6f}",
        "named": named(row, threshold),
        "corrected": given.label if given else "",
        "corrected_by": given.by if given else "",
        "corrected_at": given.at if given else "",
        "nearest": row["nearest"]["file"] if row["nearest"] else "",
        "nearest_class": row["nearest"]["label"] if row["nearest"] else "",
    }
    for rank, other in enumerate(row["top"][1:top], start=2):
        line |= {f"class_{rank}": other["label"], f"probability_{rank}": f"{other['probability']:.6f}"}
    return line
