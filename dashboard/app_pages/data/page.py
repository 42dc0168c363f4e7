"""Data: what there is to learn from; bringing more in; whether it is sound."""

from functools import partial

import streamlit as st

from dashboard import state
from dashboard.app_pages.data.browse import balance, browse
from dashboard.app_pages.data.checks_view import checks_view
from dashboard.app_pages.data.history import history_view
from dashboard.app_pages.data.import_form import begin_reef, import_dialog, import_status, importing, skipped_table
from dashboard.app_pages.data.places import places_view
from dashboard.cache import datasets
from dashboard.error_display import show_error
from dashboard.parts.dataset_cards import dataset_cards, delete, heading
from dashboard.parts.notice import notice
from dashboard.parts.open_tab import open_tab
from dashboard.parts.runs.name_animals import first_model_line, is_named, labels_first, why_not
from dashboard.parts.trash_fold import trash_fold
from sealife_core.datasets.dataset import newest_datasets
from sealife_core.datasets.imports.importing import read_skipped
from sealife_core.datasets.storage import empty_dataset_trash, trashed_datasets
from sealife_core.demo import REEF
from sealife_core.errors import DatasetError
from sealife_core.runs.directory import single_runs


def page() -> None:
    """Import on top, the data sets, and one of them in detail."""
    names = newest_datasets()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title("Data", width="content")
        if names:
            with st.container(horizontal=True, width="content"):
                if REEF not in names:
                    st.button("Draw the sample reef", icon=":material/draw:", on_click=begin_reef)
                looked_at = state.data.chosen_dataset(names)
                leads = looked_at is None or (
                    is_named(looked_at, single_runs()) or (bool(why_not(looked_at)) and not labels_first(looked_at))
                )
                kind = "primary" if leads else "secondary"
                asked = st.button("Import photographs", type=kind, icon=":material/add_photo_alternate:")
                if state.data.IMPORTS.take() or asked:
                    import_dialog()
    notice()
    import_status()
    chosen = state.data.chosen_dataset(newest_datasets())
    if chosen is not None:
        dataset_cards(names, chosen)
        _details(chosen)
    elif not importing():
        _nothing_yet()
    trash_fold(trashed_datasets(), "data set", empty_dataset_trash)


def _nothing_yet() -> None:
    with st.container(border=True):
        st.markdown(
            "**No pictures yet.** Drawing the sample reef takes a few seconds. It has 1,000 pictures of ten kinds"
            " of sea animals, and you can use it on all pages."
        )
        with st.container(horizontal=True):
            st.button("Draw the sample reef", type="primary", icon=":material/draw:", on_click=begin_reef)
            asked = st.button("Import my own photographs", icon=":material/add_photo_alternate:")
            if state.data.IMPORTS.take() or asked:
                import_dialog()


def _details(name: str) -> None:
    try:
        dataset = datasets.opened(name)
    except DatasetError as error:
        show_error(error)
        st.button("Delete it", icon=":material/delete:", on_click=delete, args=(name,))
        return
    heading(dataset)
    first_model_line(name)
    shows = {
        "Pictures": partial(browse, dataset),
        "Balance": partial(balance, dataset),
        "Checks": partial(checks_view, dataset),
        "Places": partial(places_view, dataset),
        "History": partial(history_view, dataset),
    }
    if skipped := read_skipped(dataset):
        shows["Skipped files"] = partial(skipped_table, skipped)
    open_tab(shows, state.data.TAB)


page()
