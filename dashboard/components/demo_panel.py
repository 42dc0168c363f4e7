"""Leads through the demo while it runs: what each of its three runs does, how far it is, and what came out."""

import streamlit as st

from dashboard import cache, state
from dashboard.components.dataset_choice import draw_reef
from dashboard.components.run_strip import POLL_S, progress_sentence, progress_share
from dashboard.components.score_cards import score_cards, verdict
from dashboard.errors import plain, show_error
from sealife_core.config import task_of
from sealife_core.demo import last_demo, launch_demo
from sealife_core.errors import SealifeError
from sealife_core.evaluation.comparison import comparison
from sealife_core.evaluation.embedded import has_embeddings
from sealife_core.runs.directory import Run
from sealife_core.runs.liveness import State

STEPS = {
    "simclr": (
        "1. Learn without labels",
        "SimCLR looks at two views of each picture and learns to give them the same features.",
    ),
    "probe": (
        "2. Test what it learned",
        "A linear probe freezes that encoder and trains one layer on top, now with labels.",
    ),
    "finetune": (
        "3. Train it further",
        "Fine-tuning starts from the same encoder and trains all of it with labels.",
    ),
}
ICONS = {
    State.FINISHED: ":material/check_circle:",
    State.RUNNING: ":material/progress_activity:",
    State.FAILED: ":material/error:",
    State.QUEUED: ":material/schedule:",
}


def demo_button(primary: bool) -> None:
    """Draws the reef if needed and queues the three runs; while a demo runs it cannot be started again."""
    running = any(run.state().active for run in last_demo(cache.runs()))
    if st.button(
        "Run the demo",
        type="primary" if primary else "secondary",
        icon=":material/play_arrow:",
        disabled=running,
        key="run_demo",
    ):
        try:
            # A second click on the same page is told from a second wish by the disk: is a demo active?
            if draw_reef() and not any(run.state().active for run in last_demo(cache.runs())):
                launch_demo()
        except SealifeError as error:
            show_error(error)
            return
        st.rerun()


def demo_panel() -> None:
    """The three steps of the latest demo; polls only while one of them is active."""
    active = any(run.state().active for run in last_demo(cache.runs()))
    st.fragment(_panel, run_every=POLL_S if active else None)(active)


def _panel(was_active: bool) -> None:
    runs = last_demo(cache.runs())
    if was_active and not any(run.state().active for run in runs):
        st.rerun(scope="app")
    for column, run in zip(st.columns(max(1, len(runs)), gap="medium"), runs, strict=True):
        with column, st.container(border=True, height="stretch"):
            _step(run)
    rows = comparison(runs)
    if rows:
        st.markdown("##### On test pictures, never seen in training")
        score_cards(rows)
        st.markdown(verdict(rows))
    if runs:
        _looks(runs[0], [row.run_id for row in rows])


def _looks(simclr: Run, tested: list[str]) -> None:
    """Where to look next: curves at once, the rest as soon as a run has written it."""
    with st.container(horizontal=True):
        if st.button("Look at the curves", icon=":material/monitoring:", key="demo_curves"):
            state.go("runs", run=simclr.id)
        if has_embeddings(simclr.path) and st.button(
            "See how the classes separate", icon=":material/bubble_chart:", key="demo_embeddings"
        ):
            state.open_embeddings(simclr.id)
        if tested and st.button("See what it gets wrong", icon=":material/imagesmode:", key="demo_gallery"):
            state.open_gallery(tested[0])
        if len(tested) > 1 and st.button("Compare them", icon=":material/balance:", key="demo_compare"):
            state.open_compare(tested)


def _step(run: Run) -> None:
    title, says = STEPS[task_of(run.config())]
    shown = run.shown()
    st.markdown(f"**{title}**  \n{says}")
    st.progress(1.0 if shown.state is State.FINISHED else progress_share(run.status()))
    icon = ICONS.get(shown.state, ":material/info:")
    waits = shown.state is State.QUEUED and "simclr" not in run.id
    text = "waits for step 1" if waits and not shown.message else progress_sentence(run)
    st.caption(f"{icon} {plain(str(shown.state)) if shown.state is State.FINISHED else text}")
