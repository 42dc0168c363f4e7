"""The film: the same pictures after epoch upon epoch of SimCLR, which sees no label. The browser plays it alone."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from streamlit.components.v2 import component

from dashboard.app_pages.embeddings import choice as choice
from dashboard.app_pages.embeddings.colours import colouring
from dashboard.app_pages.embeddings.points import Cloud, Look, facts_of, shown_of
from dashboard.app_pages.embeddings.projection_progress import awaited
from dashboard.app_pages.embeddings.scatter import point_size_px
from dashboard.app_pages.embeddings.scatter_link import SHARED_CSS, SHARED_JS, shared_data
from dashboard.state import embeddings
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.embeddings.stored_embeddings import rows_of, snapshot_epochs
from sealife_core.runs.directory import Run
from sealife_core.wording import percent

HEIGHT_PX = 600
_FOLDER = Path(__file__).parent
_FILM = component(
    "sealife.film",
    js=SHARED_JS + (_FOLDER / "film.js").read_text(encoding="utf-8"),
    css=SHARED_CSS + (_FOLDER / "film.css").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def film(dataset: Dataset, run: Run, look: Look) -> None:
    """The film of a SimCLR run, or why there is none and the way out."""
    epochs = snapshot_epochs(run.path)
    if len(epochs) < 2:
        _no_film(len(epochs))
        return
    found = awaited(run, look.settings, "film", "It is computed once and then saved.")
    if found.state != "done":
        return
    points = np.asarray(found.points, np.float32)  # (E, n, 2)
    rows = rows_of(tuple(found.ids), dataset)
    here = np.flatnonzero(rows >= 0)
    cloud = shown_of(Cloud(rows[here], here, points[0, here], ("", "")), dataset, look.classes)
    if not len(cloud.rows):
        st.caption("The film has no pictures of these classes. Choose other classes.")
        return
    reel = film_reel(dataset, cloud, points[:, cloud.at], look)
    st.markdown(f"**{choice.title_of(run)}**, {len(points)} snapshots of its training")
    n = len(cloud.rows)
    _FILM(
        key=embeddings.CHART.of("film", run.id),
        data=shared_data(dataset) | reel | {
            "height": HEIGHT_PX, "epochs": list(found.epochs), "says": frame_words(found.facts, len(points)),
            "name": f"{run.id}-film",
            "alt": f"Film of {n:,} pictures of {dataset.name} over {len(points)} snapshots of the training",
        },
    )  # fmt: skip
    st.caption(choice.meaning(look.colour))
    total = len(dataset)
    st.caption(
        f"{n:,} of {total:,} pictures, the same ones in every frame. Each frame is a UMAP that stays close to the"
        " frames before and after it (the idea of AlignedUMAP). So a picture moves only if its neighbours change."
        " SimCLR saw no labels: where classes separate, it learned their common features by itself. Distances"
        " between groups and the sizes of groups mean nothing."
    )


def film_reel(dataset: Dataset, cloud: Cloud, frames: np.ndarray, look: Look) -> dict[str, Any]:
    """What the browser plays: groups of points and, in their order, ``frames`` (E, n, 2) and what is known of each."""
    facts = facts_of(dataset, None).only(cloud.rows)
    groups = colouring(look.colour, facts, dataset.classes).groups
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
    """How far to trust each of ``frames``, and how far the classes lie apart in it; "" where nobody knows."""
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


def _no_film(snapshots: int) -> None:
    with st.container(border=True):
        kept = "only one snapshot" if snapshots else "no snapshots"
        st.markdown(
            f"**No film of this run**: it saved {kept}. SimCLR runs save about ten snapshots during training. Train"
            " a new one to see how the classes separate."
        )
        if st.button("Train SimCLR", type="primary", icon=":material/arrow_forward:"):
            choice.train_simclr()
