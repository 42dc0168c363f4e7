"""The film: the same pictures after epoch upon epoch of SimCLR, which sees no label. The browser plays it alone."""

import numpy as np
import streamlit as st

from dashboard import state
from dashboard.app_pages.embeddings import chart_choice
from dashboard.app_pages.embeddings.projection_progress import awaited
from dashboard.app_pages.embeddings.scatter_link import shared_data
from dashboard.data.embeddings.film_reel import film_reel, frame_words
from dashboard.data.embeddings.points import Cloud, Look, shown_of
from dashboard.parts.notice import way_out
from dashboard.parts.own_component import own_component
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.embeddings.stored_embeddings import rows_of, snapshot_epochs
from sealife_core.runs.run import Run

HEIGHT_PX = 600
_FILM = own_component(__file__, shared="plotly_chart", isolate_styles=False)


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
    rows = rows_of(found.ids, dataset)
    here = np.flatnonzero(rows >= 0)
    cloud = shown_of(Cloud(rows[here], here, points[0, here], ("", "")), dataset, look.classes)
    n, frames = len(cloud.rows), len(points)
    if not n:
        st.caption("The film has no pictures of these classes. Choose other classes.")
        return
    st.markdown(f"**{chart_choice.title_of(run)}**, {frames} snapshots of its training")
    data = film_reel(dataset, cloud, points[:, cloud.at], look) | {
        "height": HEIGHT_PX, "epochs": list(found.epochs), "says": frame_words(found.facts, frames),
        "name": f"{run.id}-film",
        "alt": f"Film of {n:,} pictures of {dataset.name} over {frames} snapshots of the training",
    }  # fmt: skip
    _FILM(key=state.embeddings.CHART.of("film", run.id), data=shared_data(dataset) | data)
    st.caption(f"Colour: {chart_choice.MEANS[look.colour]}")
    st.caption(
        f"{n:,} of {len(dataset):,} pictures, the same ones in every frame. Each frame is a UMAP that stays close to"
        " the frames before and after it (the idea of AlignedUMAP). So a picture moves only if its neighbours change."
        " SimCLR saw no labels: where classes separate, it learned their common features by itself. Distances"
        " between groups and the sizes of groups mean nothing."
    )


def _no_film(snapshots: int) -> None:
    kept = "only one snapshot" if snapshots else "no snapshots"
    text = (
        f"**No film of this run**: it saved {kept}. SimCLR runs save about ten snapshots during training. Train a new"
        " one to see how the classes separate."
    )
    if way_out(text, "Train SimCLR"):
        state.go("train", {state.train.TASK: "simclr"})
