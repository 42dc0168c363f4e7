"""A picture from a camera or a file, named live: a model's answer, its views, and the nearest training pictures."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from io import BytesIO

import streamlit as st
import torch

from dashboard import state
from dashboard.app_pages.lessons.before_class import missing
from dashboard.cache import classifiers
from dashboard.data.lessons.prepared import CAMERA, newest_classifier
from dashboard.data.previews import Preview
from dashboard.error_display import errors_shown
from dashboard.parts.pictures.neighbours_view import neighbours_view
from dashboard.parts.pictures.view_pairs import pair_html
from dashboard.words import plain, run_name
from sealife_core.config import RECIPES
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.pixels import from_picture
from sealife_core.datasets.decoding.reading import SUFFIXES, decode
from sealife_core.datasets.decoding.squares import DECODED_AT
from sealife_core.runs.directory import single_runs
from sealife_core.runs.run import Run
from sealife_core.wording import percent

VIEW_PX = 160
THREADS = torch.get_num_threads()
BY_CAMERA, BY_FILE = "Camera", "File"


def own_object(dataset: Dataset) -> None:
    """Take a picture or choose one; nothing is stored."""
    with st.expander("Hold something in front of the camera", icon=":material/photo_camera:"):
        run = newest_classifier(single_runs(), dataset)
        if run is None:
            missing(CAMERA, dataset)
            return
        way = st.segmented_control(
            "From", (BY_CAMERA, BY_FILE), default=BY_CAMERA, required=True, key=state.lessons.OBJECT_FROM
        )
        if way == BY_CAMERA:
            taken = st.camera_input("Your object", key=state.lessons.CAMERA, label_visibility="collapsed")
        else:
            kinds = sorted(suffix[1:] for suffix in SUFFIXES)
            taken = st.file_uploader("Your object", kinds, key=state.lessons.FILE, label_visibility="collapsed")
        if taken is None:
            st.caption("The picture stays in this browser tab and in the server's memory. It is not saved.")
            return
        # One picture is so little work that further threads mostly wait for each other.
        torch.set_num_threads(1)
        try:
            _named(run, dataset, taken.getvalue())
        finally:
            torch.set_num_threads(THREADS)


@errors_shown()
def _named(run: Run, dataset: Dataset, content: bytes) -> None:
    with ThreadPoolExecutor(1, "sealife-views") as beside:  # the views are drawn on another core, while it is named
        drawn = beside.submit(_views_html, content, state.lessons.DRAWING.number)
        found = classifiers.own_prediction(run, sha256(content).hexdigest()[:20], content)
        said = ", ".join(f"{label} {percent(share, 0)}" for label, share in found.ranked(3))
        st.markdown(f"**{plain(run_name(run))}** says: **{plain(said)}**")
        if found.unlike:
            st.caption("It looks unlike all training pictures. The model cannot say “none of these”.")
        views = st.container()  # filled last: the browser meanwhile shows what is nearest
        nearest = classifiers.own_neighbours(run, found)
        neighbours_view(dataset, nearest, state.lessons.NEAREST, correctable=False)  # nobody corrects by mistake
        views.html(drawn.result())


def _views_html(content: bytes, draw: int) -> str:
    return pair_html(RECIPES["SimCLR"], _preview(content), VIEW_PX, draw)


def _preview(content: bytes) -> Preview:
    side = 2 * VIEW_PX
    decoded = decode(BytesIO(content), at_least_px=DECODED_AT * side)
    square, _ = from_picture(decoded.rgb, side)
    return Preview(0, "your object", torch.from_numpy(square.copy()), decoded.width / decoded.height)
