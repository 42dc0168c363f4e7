"""Embeddings: whose, how they are drawn, and what is selected; a link carries all but a large selection."""

import json
import secrets
from collections.abc import Sequence
from typing import Any

import numpy as np

from dashboard.state.keys import Key, UrlKey, UrlPictures, UrlRuns, UrlValue
from sealife_core.datasets.dataset import Dataset

RUN = UrlRuns("run", "embeddings")
RUN_BOX = Key("embeddings.run")
BESIDE = UrlRuns("beside", "embeddings")
BESIDE_BOX = Key("embeddings.beside")
METHOD = UrlKey("method")
DIMS = UrlKey("dims")
COLOUR = UrlKey("colour")
CLASSES = UrlKey("classes")
SPACE = UrlKey("space")
CLUSTERS = UrlKey("clusters")
NEAR = UrlPictures("near")  # whose neighbours are shown, at most one
UMAP_FORM = Key("projection")
CHART = Key("embeddings_chart")
BEGIN = Key("begin")
SELECTION_PICTURES = Key("selection_pictures")
NEIGHBOURS = Key("neighbours")
CORRECT = Key("correct_selection")
MOST_LINKED = 40  # pictures of a selection that a link carries

_SELECTED = UrlPictures("selected")
_SELECTION = Key("embedding_selection")
_UMAP = UrlValue("umap", default="{}")


def selection(dataset: Dataset) -> tuple[np.ndarray, str]:
    """(n,) rows that are selected, sorted, and the stamp of this selection: of the session, else those of the URL."""
    if _SELECTION.held(("",))[0] != dataset.name:
        select(dataset, _SELECTED.rows(dataset))
    _, images, stamp = _SELECTION.held()
    return np.flatnonzero(np.isin(dataset.manifest["id"].to_numpy(), images)), stamp


def select(dataset: Dataset, rows: Sequence[int], stamp: str = "") -> None:
    """Select these rows ([]: none). ``stamp`` names the selection, if a chart made it that need not be told of it."""
    kept = np.unique(np.asarray([row for row in rows if 0 <= row < len(dataset)], np.int64))
    images = dataset.manifest["id"].to_numpy()[kept]  # rows move when a picture is left out
    _SELECTION.hold((dataset.name, images, stamp or f"s{secrets.token_hex(4)}"))
    _SELECTED.set(dataset, kept.tolist() if len(kept) <= MOST_LINKED else ())


def neighbours_of(dataset: Dataset) -> int | None:
    """The row whose neighbours are shown."""
    return next(iter(NEAR.rows(dataset)), None)


def umap_settings() -> dict[str, Any]:
    """UMAP's settings that differ from their defaults: those of this session, else those a link carries."""
    if _UMAP.held() is None:
        try:
            in_url = json.loads(_UMAP.value)
        except (ValueError, RecursionError):
            in_url = {}
        _UMAP.hold(in_url if isinstance(in_url, dict) else {})
    return _UMAP.held()


def keep_umap_settings(changed: dict[str, Any]) -> None:
    """Remember ``changed`` settings of UMAP, here and in the URL."""
    _UMAP.hold(changed)
    _UMAP.set(json.dumps(changed, separators=(",", ":")))
