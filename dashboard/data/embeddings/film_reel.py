"""What the browser plays as a film: the same points after epoch upon epoch, and what is known of each frame."""

import base64
import hashlib
import json
from typing import Any

import numpy as np

from dashboard.data.embeddings.points import Cloud, Look, facts_of
from dashboard.data.embeddings.scatter import colouring, point_size_px
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.figures.palette import class_colours
from sealife_core.wording import percent


def film_reel(dataset: Dataset, cloud: Cloud, frames: np.ndarray, look: Look) -> dict[str, Any]:
    """What the browser plays: groups of points and, in their order, ``frames`` (E, n, 2) and what is known of each."""
    facts = facts_of(dataset, None).only(cloud.rows)
    groups = colouring(look.colour, facts, class_colours(dataset)).groups
    order = np.concatenate([group.members for group in groups])
    custom = facts.custom()[order]
    told = [
        {"name": g.name, "colour": g.colour, "symbol": g.symbol, "opacity": g.opacity, "count": len(g.members)}
        for g in groups
    ]
    reel = {"frames": packed(frames[:, order]), "custom": packed(custom), "wide": custom.shape[1], "groups": told}
    version = hashlib.sha256(json.dumps(reel).encode()).hexdigest()[:16]
    return reel | {"version": version, "size_px": point_size_px(len(order))}


def frame_words(facts: dict[str, Any], frames: int) -> list[str]:
    """How far to trust each of ``frames``, and how far apart the classes are in it; "" where this is unknown."""
    words = [[] for _ in range(frames)]
    for name, title, form in (
        ("knn_accuracy", "k-NN accuracy", lambda value: percent(value, 0)),
        ("trustworthiness", "trustworthiness", "{:.2f}".format),
    ):
        values = facts.get(name)
        if isinstance(values, list) and len(values) == frames:
            among = f" on {facts['knn_n']:,} validation pictures" if name == "knn_accuracy" and "knn_n" in facts else ""
            for said, value in zip(words, values, strict=True):
                said.append(f"{title} {form(value)}{among}")
    return [", ".join(said) for said in words]


def packed(values: np.ndarray) -> str:
    """Little-endian float32 in base64: a twentieth of a second where JSON takes one."""
    return base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode()
