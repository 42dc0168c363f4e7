"""Leads through the demo while it runs: what each of its steps does, how far it is, and what came out."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import state
from dashboard.cache import classifiers
from dashboard.error_display import errors_shown
from dashboard.parts.forms.dataset_choice import draw_reef
from dashboard.parts.runs.run_progress import POLL_S, progress_sentence, progress_share
from dashboard.parts.runs.score_cards import measured
from dashboard.parts.runs.table import colours_of_all
from dashboard.words import plain
from sealife_core.demo import last_demo, launch_demo
from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow, comparison
from sealife_core.evaluation.comparison.demo_lesson import lesson
from sealife_core.evaluation.comparison.resampling import Interval
from sealife_core.evaluation.embeddings.stored_embeddings import has_embeddings
from sealife_core.folders import checkpoints_root
from sealife_core.runs.directory import single_runs
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.locks import launch_lock
from sealife_core.wording import percent

# What a step is called, what it does, and which runs of the demo belong to it.
STEPS = (
    (
        "1. Features from ImageNet",
        "A network that learned from 1.3 million photographs, frozen. One layer on top learns the animals from labels.",
        ("imagenet",),
    ),
    ("2. Nothing learned", "The same test of a network with random weights: what comes for free.", ("untrained",)),
    (
        "3. SimCLR, no labels",
        "From random weights. Two views of each picture get the same features; then the same test.",
        ("simclr training", "simclr"),
    ),
    (
        "4. SimCLR from ImageNet",
        "SimCLR goes on from ImageNet’s features; then the same test.",
        ("continued training", "continued"),
    ),
    ("5. Fine-tuned", "The last stages of ImageNet’s network learn from labels too.", ("finetune",)),
)
ICONS = {
    State.FINISHED: ":material/check_circle:",
    State.RUNNING: ":material/progress_activity:",
    State.FAILED: ":material/error:",
    State.QUEUED: ":material/schedule:",
}


def demo_button(primary: bool) -> None:
    """Draws the reef if needed and queues the runs; while a demo runs it cannot be started again."""
    kind = "primary" if primary else "secondary"
    if st.button("Run the demo", type=kind, icon=":material/play_arrow:", disabled=_active(last_demo(single_runs()))):
        with errors_shown():
            # The disk says whether this is a second click on the same button: is a demo active?
            if draw_reef():
                with launch_lock(checkpoints_root()):
                    if not _active(last_demo(single_runs())):
                        launch_demo()
            st.rerun()


def _active(runs: dict[str, Run]) -> bool:
    return any(run.state().active for run in runs.values())


def demo_panel() -> None:
    """The steps of the latest demo; polls only while one of them is active."""
    active = _active(last_demo(single_runs()))
    st.fragment(_panel, run_every=POLL_S if active else None)(active)


def _panel(was_active: bool) -> None:
    runs = last_demo(single_runs())
    if was_active and not _active(runs):
        st.rerun(scope="app")
    if not runs:  # they were deleted on another page
        return
    steps = [(title, says, [runs[key] for key in keys if key in runs]) for title, says, keys in STEPS]
    steps = [step for step in steps if step[2]]
    rows = comparison(list(runs.values()))
    scores = {row.run_id: row for row in rows}
    for column, (title, says, done_by) in zip(st.columns(len(steps), gap="small"), steps, strict=True):
        with column, st.container(border=True, height="stretch", vertical_alignment="distribute"):
            st.markdown(f"**{title}**  \n{says}")
            row = scores.get(done_by[-1].id)
            _progress(done_by) if row is None else _score(title, row)
    if rows:
        st.caption(
            f"Accuracy on {rows[0].n:,} test pictures, never seen in training, with its 95 % interval. The dotted line"
            f" is guessing ({percent(rows[0].chance, 0)})."
        )
        st.markdown(plain(lesson(_answers(runs, rows))))
    _looks(runs, [row.run_id for row in rows])


def _answers(runs: dict[str, Run], rows: Sequence[ComparisonRow]) -> dict[str, pd.DataFrame]:
    """A key of the demo → the predictions of its classifier; without those that cannot be read."""
    tested = {row.run_id for row in rows if row.comparable}
    found = {key: classifiers.predictions_or_none(run) for key, run in runs.items() if run.id in tested}
    return {key: predictions for key, predictions in found.items() if predictions is not None}


def _looks(runs: dict[str, Run], tested: list[str]) -> None:
    """Where to look next: curves immediately, the rest as soon as a run has written it."""
    simclr = runs.get("simclr training")
    embedded = simclr is not None and has_embeddings(simclr.path)
    with st.container(horizontal=True):
        if simclr and st.button("Look at the curves", icon=":material/monitoring:"):
            state.go("runs", {state.runs.RUN: simclr.id})
        if simclr and embedded and st.button("See how the classes separate", icon=":material/bubble_chart:"):
            state.go("embeddings", {state.embeddings.RUN: simclr.id})
        if tested and st.button("See what it gets wrong", icon=":material/imagesmode:"):
            state.go("gallery", {state.gallery.RUN: tested[0]})
        if len(tested) > 1 and st.button("Compare them", icon=":material/balance:"):
            state.go("compare", {state.compare.RUNS: tested})


def _score(title: str, row: ComparisonRow) -> None:
    found = Interval(row.accuracy, row.low, row.high)
    scored = measured(f"{title}: accuracy", found, colours_of_all()[row.run_id], row.chance, "")
    st.html(f'<div class="score bare">{scored}</div>')


def _progress(runs: list[Run]) -> None:
    """How far the ``runs`` of a step are together, and what the first that has not finished does."""
    shares = [1.0 if run.state() is State.FINISHED else progress_share(run.status()) for run in runs]
    st.progress(sum(shares) / len(runs))
    run = next((run for run in runs if run.state() is not State.FINISHED), runs[-1])
    reached = run.state()
    icon = ICONS.get(reached, ":material/info:")
    text = plain(str(reached)) if reached is State.FINISHED else progress_sentence(run)
    st.caption(f"{icon} {text}")
