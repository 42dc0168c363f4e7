"""Home: what this is, what there is so far, and the next step."""

import streamlit as st

from dashboard import state
from dashboard.app_pages.home.demo_steps import demo_button, demo_panel
from dashboard.app_pages.home.next_step import next_step
from dashboard.cache import datasets
from dashboard.data.pictures import some_rows
from dashboard.parts.dataset_cards import dataset_links, readable
from dashboard.parts.pictures.image_grid import picture_strip
from dashboard.parts.pictures.large_pictures import told
from dashboard.parts.pictures.view_pairs import pair_html
from dashboard.parts.runs.name_animals import (
    TAKES,
    TITLE,
    again_button,
    first_model_panel,
    first_models,
    label_button,
    labels_first,
    name_button,
    to_name,
)
from dashboard.parts.runs.score_cards import score_cards
from dashboard.words import plain
from sealife_core.config import RECIPES
from sealife_core.datasets.dataset import Dataset, newest_datasets
from sealife_core.demo import REEF, last_demo
from sealife_core.evaluation.comparison.comparison_rows import comparison, of_the_newest
from sealife_core.runs.directory import single_runs
from sealife_core.runs.run import Run
from sealife_core.wording import counted

SHOWN_PICTURES, SHOWN_SCORES, SHOWN_RUNS, SHOWN_DATASETS = 12, 4, 5, 5


def page() -> None:
    """The demo leads while there is nothing else; afterwards the state of things does."""
    st.title("Sea life lab")
    st.html(
        '<p class="lead">Train a network on pictures of sea animals without labels. Then test how well it classifies'
        " them with few labels or many, and see which pictures it gets wrong. Everything runs on this machine, and"
        " every number leads to its pictures.</p>"
    )
    names, runs = newest_datasets(), single_runs()
    demo = last_demo(runs)
    unnamed = to_name(names, runs)
    newest = next((name for name in names if name != REEF), None)
    unlabelled = newest if newest is not None and labels_first(newest) else None
    named = next((run for run in first_models(runs) if run.config().data in names), None)
    with st.container(horizontal=True):
        if unnamed is not None:
            name_button(unnamed, primary=True)
        elif unlabelled is not None:
            label_button(unlabelled, primary=True)
        elif runs and not (named is not None and named.state().active):
            next_step(names, runs)
        demo_button(primary=unnamed is None and unlabelled is None and not runs)
        if unnamed is None and not runs and st.button("Import my own photographs", icon=":material/upload:"):
            state.go_import()
        if st.button("Lessons: how it works", icon=":material/school:"):
            state.go("lessons")
    if unnamed is not None:
        st.caption(f"{TAKES} Your newest pictures: **{plain(unnamed)}**.")
    elif not runs:
        st.caption(
            "On a drawn reef, the demo compares what ImageNet knows already with what SimCLR learns without labels."
            " The first result is there in about 15 seconds, all of them in less than two minutes on two cores."
        )
    if named is not None and unnamed is None:
        st.subheader(f"{TITLE}: {plain(named.config().data)}")
        again_button(named.config().data)
        first_model_panel(named)
    dataset = readable([REEF, *names] if demo and REEF in names else names)
    if dataset is not None and (named is None or unnamed is not None):
        picture_strip(dataset, some_rows(dataset, 0, SHOWN_PICTURES), state.data.STRIP)
    if demo:
        st.subheader("The demo")
        demo_panel()
    if dataset is not None and unnamed is None and (not runs or any(run.state().active for run in demo.values())):
        _positive_pair(dataset)
    _how_things_stand(names, runs)


def _positive_pair(dataset: Dataset) -> None:
    st.subheader("What it learns from: a positive pair")
    preview = datasets.previews(dataset, some_rows(dataset, 5, 1), 96)[0]
    st.html(pair_html(RECIPES["SimCLR"], preview, 96, 0, told(dataset, preview.row)))
    st.caption(
        "Two random views of one picture. The network gets no labels. It learns that these two views belong"
        " together and that all other pictures do not."
    )


def _how_things_stand(names: list[str], runs: list[Run]) -> None:
    demo = {run.id for run in last_demo(runs).values()}
    tested = [run for run in runs if run.id not in demo and not run.broken]
    rows = comparison(tested)
    if {row.run_id for row in rows} - {run.id for run in first_models(runs)[:1]}:  # its score is shown above
        st.subheader("Best on the test images")
        best = of_the_newest(rows, tested)
        score_cards(best[:SHOWN_SCORES])
        if others := len(rows) - len(best):
            st.caption(f"{counted(others, 'run was', 'runs were')} tested on other pictures: see Compare.")
    if not names:
        return
    data, last = st.columns(2, gap="large")
    with data:
        st.subheader("Data sets")
        dataset_links(names[:SHOWN_DATASETS])
    with last:
        st.subheader("Last runs")
        if not runs:
            st.caption("None yet.")
        for run in runs[:SHOWN_RUNS]:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{plain(run.notes()['name'])}** · {run.state()}", width="stretch")
                if st.button("Open", key=state.runs.OPEN.of(run.id), type="tertiary"):
                    state.go("runs", {state.runs.RUN: run.id})


page()
