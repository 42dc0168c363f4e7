"""A SimCLR run while it learned: pairs apart, features useful or not, and whether it collapsed."""

import time
from functools import partial

import numpy as np
import streamlit as st

from dashboard import state
from dashboard.cache import contrast as kept
from dashboard.cache import datasets, training
from dashboard.data.contrast.learning_figures import Votes, figures_of, pictures_of, votes_measured, votes_of
from dashboard.data.embeddings.points import FILM
from dashboard.data.readable_settings import form_values
from dashboard.error_display import errors_shown
from dashboard.media import thumb_url
from dashboard.parts.contrast.learning_view import learning_view
from dashboard.parts.notice import way_out
from dashboard.parts.runs.run_progress import pace_s, progress_sentence
from dashboard.state import contrast
from dashboard.words import plain, run_name, state_words, unbroken
from sealife_core.config import SimclrConfig
from sealife_core.errors import DatasetError, SealifeError
from sealife_core.evaluation.contrast.diagnosis import diagnose, pretext
from sealife_core.evaluation.embeddings.stored_embeddings import pair_epochs, rows_of, snapshot_epochs
from sealife_core.evaluation.figures.palette import label_colour
from sealife_core.runs.directory import single_runs
from sealife_core.runs.run import Run

_NO_PICTURES = {"cards": {}, "asked": [], "near": []}


def learning() -> None:
    """The choice of a run; below it what that run stored, redrawn while it trains."""
    runs = {run.id: run for run in single_runs() if isinstance(run.config_or_none(), SimclrConfig)}
    if not runs:
        if way_out("**No SimCLR run yet.** Here you see how one learns, epoch by epoch.", "Train SimCLR"):
            _train()
        return
    intact_first = sorted(runs.values(), key=lambda run: bool(run.broken))
    newest = next((run.id for run in intact_first if pair_epochs(run.path)), intact_first[0].id)
    run = runs[contrast.LEARNING_RUN.one_of(list(runs), newest)]
    pace = pace_s(run)
    st.fragment(_followed, run_every=pace)(run, runs, pace)


@errors_shown()
def _followed(run: Run, runs: dict[str, Run], pace: float | None) -> None:
    """What the run has stored so far; the page is drawn anew for another run, at its end, or for another pace."""
    if pace_s(run) != pace or contrast.LEARNING_RUN.ids() != [run.id]:
        st.rerun(scope="app")
    choice, verdict = st.columns([2, 3], gap="medium")
    with choice:
        _run_choice(run, runs)
    config = run.config_or_none()
    assert isinstance(config, SimclrConfig)
    if not pair_epochs(run.path):
        with verdict:
            _nothing_stored(run, config)
        return
    course = kept.moments(run, config.temperature, normalised=config.normalised)
    epochs = [moment.epoch for moment in course]
    right, votes, pictures = _measured(run, config, epochs)
    found, helped = diagnose(course, config), pretext(course, epochs, right)
    if found is not None or helped:
        show = st.error if found is not None and found.harms else st.info
        with verdict:
            said = "\n\n".join(filter(None, (f"{found.says} {found.cause}" if found else "", helped)))
            show(unbroken(said))
    learning_view(run.id, config.epochs, figures_of(course, votes), pictures, contrast.LEARNING.of(run.id))


def _run_choice(run: Run, runs: dict[str, Run]) -> None:
    box, names = contrast.LEARNING_BOX.showing(run.id), {run_id: run_name(run) for run_id, run in runs.items()}
    st.selectbox(
        "SimCLR run", list(runs), key=box, format_func=names.__getitem__,
        on_change=lambda: contrast.LEARNING_RUN.choose([box.held()]),
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("See the film", icon=":material/movie:", help="The pictures as points that move, on Embeddings"):
            state.go("embeddings", {state.embeddings.RUN: run.id, state.embeddings.METHOD: FILM})
        st.caption(progress_sentence(run) if run.state().active else state_words(run, time.time()))


def _measured(run: Run, config: SimclrConfig, epochs: list[int]) -> tuple[np.ndarray, Votes, dict]:
    """What needs the data set: (which validation pictures the neighbours name right at each of ``epochs``, how many in
    shares, pictures and their nearest). All of the stored features, which go back to before training."""
    try:
        # As the run saw it: a picture moved since to validation is none that it did not train on.
        dataset = datasets.opened(config.data, content_hash=config.data_hash)
        snapshots = kept.snapshots(run)
        if (rows_of(snapshots.ids, dataset) < 0).all():
            raise DatasetError(
                f"None of the pictures that this run stored is in the data set '{config.data}' any more."
            )
        right, level = kept.knn_right(run, dataset)
    except SealifeError as error:
        votes = votes_measured(training.metrics(run), run.environment())
        less = "k-NN accuracy is that of training" if votes.points else "k-NN accuracy is missing"
        st.caption(f"No pictures are shown, and {less}: {plain(str(error))}")
        return np.zeros((len(epochs), 0), bool), votes, _NO_PICTURES
    wanted = [snapshots.epochs.index(epoch) for epoch in epochs]
    pictures = pictures_of(
        snapshots, epochs, dataset, partial(thumb_url, dataset, side_px=96), partial(label_colour, dataset)
    )
    return right[wanted], votes_of(epochs, right[wanted], level), pictures


def _nothing_stored(run: Run, config: SimclrConfig) -> None:
    if run.state().active:
        st.caption("The first epoch appears with the first steps of training.")
        return
    why = "it was made before pairs of views were stored" if snapshot_epochs(run.path) else "it has stored no epoch"
    text = f"**Nothing to show of this run**: {why}. Train it again, with the same settings, to see how it learns."
    if way_out(text, "Train it again"):
        state.train.set_form_values("simclr", form_values(config))
        _train()


def _train() -> None:
    state.go("train", {state.train.TASK: "simclr"})
