"""Data sets at a glance, and the heading of the one that is looked at."""

from contextlib import suppress

import streamlit as st

from dashboard import state
from dashboard.cache import datasets
from dashboard.data.pictures import spread
from dashboard.error_display import show_error
from dashboard.parts.notice import errors_said
from dashboard.parts.pictures.image_grid import picture_strip
from dashboard.parts.runs.name_animals import (
    AGAIN,
    TITLE,
    is_named,
    known_models,
    label_button,
    labels_first,
    name_button,
    why_not,
)
from dashboard.words import plain, run_name
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.storage import delete_dataset
from sealife_core.errors import DatasetError
from sealife_core.evaluation.embeddings.feature_store import FeatureStore
from sealife_core.runs.directory import active_on, single_runs
from sealife_core.wording import SPLIT_WORDS, counted, size

CARD_PX = 276


def dataset_cards(names: list[str], chosen: str) -> None:
    """A card a data set, in one line that scrolls sideways: what is in the chosen one stays in sight below it."""
    if len(names) < 2:
        return
    with st.container(horizontal=True, key="dataset_cards"):
        for place, name in enumerate(names):
            with st.container(border=True, key=f"card_{'chosen' if name == chosen else place}", width=CARD_PX):
                _card(name, place, name == chosen)


def heading(dataset: Dataset) -> None:
    """Name, figures, and what can be done with it."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(plain(dataset.name), width="content")
        _actions(dataset)
    counts = ", ".join(f"{len(dataset.rows(split)):,} {title}" for split, title in SPLIT_WORDS.items())
    unlabelled = int((dataset.labels < 0).sum())
    more = f" {counted(unlabelled, 'has', 'have')} no label: SimCLR learns from them too." if unlabelled else ""
    st.markdown(f"{contents(dataset)}: {counts}.{more}")
    st.caption(
        "The network learns from the training pictures. The validation pictures choose the best epoch. The test"
        " pictures are used once, at the end of a run."
    )


def _actions(dataset: Dataset) -> None:
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        if not why_not(dataset.name) and not is_named(dataset.name, single_runs()):
            again = known_models(dataset.name, single_runs())
            name_button(dataset.name, primary=True, title=AGAIN if again else TITLE)
        if st.button("See pairs of views", icon=":material/flip:"):
            state.go("views", {state.data.DATASET: dataset.name})
        if (dataset.labels < 0).any():
            label_button(dataset.name, primary=labels_first(dataset.name))
        if st.button("Train on it", icon=":material/model_training:"):
            state.go("train", {state.data.DATASET: dataset.name})
        with st.popover("More", icon=":material/more_horiz:"):
            st.caption(f"Files: {plain(str(dataset.folder))}")
            st.button("Delete", icon=":material/delete:", on_click=delete, args=(dataset.name,))
            st.caption("Moves it to the trash. You can undo this.")
            _features(dataset)


def _features(dataset: Dataset) -> None:
    """What encoders made of the pictures, kept so that each passes an encoder once."""
    store = FeatureStore(dataset.folder)
    if kept_bytes := store.size_bytes():
        st.button("Delete stored features", icon=":material/mop:", on_click=_clear, args=(store,))
        st.caption(f"{size(kept_bytes)} of features that encoders computed. Runs that need them compute them again.")


def _clear(store: FeatureStore) -> None:
    store.clear()


def dataset_links(names: list[str]) -> None:
    """A line a data set, with a button that opens it."""
    for name in names:
        found = readable([name])
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(name)}** · {contents(found) if found else 'damaged'}", width="stretch")
            if st.button("Open", key=state.data.OPEN.of(name), type="tertiary"):
                state.go("data", {state.data.DATASET: name})


def readable(names: list[str]) -> Dataset | None:
    """The first of the data sets ``names`` that is not damaged."""
    for name in names:
        with suppress(DatasetError):
            return datasets.opened(name)
    return None


def contents(dataset: Dataset) -> str:
    """ "1,000 pictures in 10 classes"."""
    return f"{counted(len(dataset), 'picture')} in {counted(len(dataset.classes), 'class', 'classes')}"


def delete(name: str) -> None:
    """Move a data set to the trash and say so; refused while a run learns from it."""
    with errors_said():
        for run in active_on(name):
            raise DatasetError(f"Run '{run_name(run)}' is training on data set '{name}'. Stop that run first.")
        freed_bytes = delete_dataset(name)
        state.say(f"Data set **{plain(name)}** is in the trash ({size(freed_bytes)}).", ("dataset", name))


def _card(name: str, place: int, is_chosen: bool) -> None:
    try:
        dataset = datasets.opened(name)
    except DatasetError as error:
        st.markdown(f"**{plain(name)}**")
        show_error(error)
        st.button("Delete", key=state.data.CARD.of(place, "delete"), on_click=delete, args=(name,))
        return
    picture_strip(dataset, spread(dataset, 3), state.data.STRIP.of(place))
    st.markdown(f"**{plain(name)}**  \n{contents(dataset)}")
    st.button(
        "Shown below" if is_chosen else "Look inside", key=state.data.CARD.of(place, "open"), disabled=is_chosen,
        on_click=_look_inside, args=(name,), width="stretch",
    )  # fmt: skip


def _look_inside(name: str) -> None:
    state.NOTICE.take()  # of another data set
    state.data.choose_dataset(name)
