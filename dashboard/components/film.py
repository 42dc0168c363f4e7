"""The film: the same pictures after epoch upon epoch of SimCLR, which sees no label. The browser plays it alone."""

import base64
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from streamlit.components.v2 import component

from dashboard.components import embedding_choice as choice
from dashboard.components.embedding_colours import colouring
from dashboard.components.embedding_points import Cloud, Look, facts_of, shown_of
from dashboard.components.projection_progress import awaited
from dashboard.components.scatter import scatter_figure
from dashboard.components.scatter_link import SHARED_CSS, SHARED_JS, shared_data
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.embedded import rows_of, snapshot_epochs
from sealife_core.runs.directory import Run

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
    found = awaited(run, look.settings, "film", "It is kept once it is there.")
    if found.state != "done":
        return
    points = np.asarray(found.points, np.float32)  # (E, n, 2)
    rows = rows_of(tuple(found.ids), dataset)
    here = np.flatnonzero(rows >= 0)
    cloud = shown_of(Cloud(rows[here], here, points[0, here], ("", "")), dataset, look.classes)
    if not len(cloud.rows):
        st.caption("No picture of the film is of these classes. Choose others.")
        return
    figure, order = film_figure(dataset, cloud, points[:, cloud.at], look, st.context.theme.type == "dark")
    st.markdown(f"**{choice.title_of(run)}**, {len(points)} moments of its training")
    _FILM(
        key=f"film.{run.id}",
        data=shared_data(dataset) | {
            "figure": figure.to_json(), "height": HEIGHT_PX, "epochs": list(found.epochs or epochs), "n": len(order),
            "frames": packed(points[:, cloud.at][:, order]), "name": f"{run.id}-film",
            "alt": f"Film of {len(order):,} pictures of {dataset.name} over {len(points)} epochs of training",
        },
    )  # fmt: skip
    st.caption(choice.meaning(look.colour))
    total = len(dataset)
    st.caption(
        f"{len(order):,} of {total:,} pictures, the same ones in every frame. Each frame is a UMAP that is held close"
        " to the frames beside it (AlignedUMAP), so that a picture stays where it was unless its neighbours changed."
        " SimCLR saw no label: where the classes come apart, it found what they have in common by itself."
        " Distances between groups, and their sizes, mean nothing."
    )


def film_figure(
    dataset: Dataset, cloud: Cloud, frames: np.ndarray, look: Look, dark: bool
) -> tuple[go.Figure, np.ndarray]:
    """The first frame, and the order (n,) in which its traces hold the points of ``frames`` (E, n, 2)."""
    facts = facts_of(cloud.rows, dataset, None, None)
    coloured = colouring(look.colour, facts, dataset.classes)
    figure = scatter_figure(frames[0], facts.custom(), coloured, axes=("", ""), dark=dark)
    low, high = frames.min((0, 1)), frames.max((0, 1))
    edge = 0.04 * (high - low)
    for axis, start, end in zip(("xaxis", "yaxis"), low - edge, high + edge, strict=True):
        figure.update_layout({axis: {"range": [float(start), float(end)], "autorange": False}})
    figure.update_layout(dragmode="pan")
    return figure, np.concatenate([group.members for group in coloured.groups])


def packed(frames: np.ndarray) -> str:
    """(E, n, 2) as little-endian float32 in base64: a twentieth of a second where JSON takes one."""
    return base64.b64encode(np.ascontiguousarray(frames, "<f4").tobytes()).decode()


def _no_film(snapshots: int) -> None:
    with st.container(border=True):
        kept = "only one snapshot" if snapshots else "no snapshots"
        st.markdown(
            f"**No film of this run**: it kept {kept}. SimCLR runs keep about ten of them while they train; train one"
            " anew to watch the classes come apart."
        )
        if st.button("Train SimCLR", type="primary", icon=":material/arrow_forward:"):
            choice.train_simclr()
