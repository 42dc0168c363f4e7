"""Giving pictures that were predicted wrongly their class."""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from dashboard.data.inference_columns import InferenceColumns
from dashboard.parts.buttons import following, previous
from dashboard.parts.notice import errors_said
from dashboard.state import corrections, gallery
from dashboard.words import plain
from sealife_core.evaluation.batch_inference.corrected_classes import correct
from sealife_core.evaluation.batch_inference.inference_jobs import InferenceJob
from sealife_core.wording import counted

MOST_KEYS = 9  # classes under a key each


def correct_large(
    job: InferenceJob,
    found: InferenceColumns,
    place: int,
    likely: Sequence[tuple[str, float]],
    corrected: Mapping[int, str],
) -> None:  # fmt: skip
    """The class of the one picture that is large, by keys; what it was given; the picture before and the next."""
    read = np.flatnonzero(found.read)
    at = int(np.searchsorted(read, place))
    with st.container(horizontal=True, vertical_alignment="center"):
        for number, (label, _) in enumerate(likely, start=1):
            st.button(
                plain(label), shortcut=str(number), key=gallery.GIVEN.of(job.id, place, number), on_click=_correct,
                args=(job, found, [place], label), type="primary" if corrected.get(place) == label else "secondary",
            )  # fmt: skip
    given = f"You gave it the class {plain(corrected[place])}." if place in corrected else "Not corrected."
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Predicted: {plain(str(found.label[place]))}. {given}", width="stretch")
        previous(gallery.choose_own_picture, str(read[at - 1]) if at > 0 else "", gallery.TURNER)
        following(gallery.choose_own_picture, str(read[at + 1]) if at < len(read) - 1 else "", gallery.TURNER)
    correct_chosen(job, found, [place], corrected, large=True)


def correct_chosen(
    job: InferenceJob,
    found: InferenceColumns,
    chosen: Sequence[int],
    corrected: Mapping[int, str],
    *,
    large: bool = False,
) -> None:
    """What can be done with the ticked rows, or with the one that is ``large``."""
    places = [place for place in chosen if found.read[place]]
    if not places:
        return
    labels = sorted({*found.label[found.read], *corrected.values()})
    with st.container(border=True, horizontal=True, vertical_alignment="bottom"):
        label = st.selectbox(
            f"The class of {counted(len(places), 'picture')}", labels, index=None, accept_new_options=True, width=260,
            key=gallery.GIVEN.of(job.id), placeholder="Choose, or type a new one",
        )  # fmt: skip
        st.button(
            "Correct", type="primary", icon=":material/edit:", disabled=not label, key=gallery.TASK.of("correct"),
            on_click=_correct, args=(job, found, places, label or ""),
        )  # fmt: skip
        if any(place in corrected for place in places):
            st.button(
                "As predicted", icon=":material/undo:", key=gallery.TASK.of("uncorrect"), on_click=_correct,
                args=(job, found, places, ""),
            )  # fmt: skip
        if len(places) == 1 and not large:
            st.button(
                "Open large", icon=":material/open_in_full:", key=gallery.TASK.of("large"),
                on_click=gallery.choose_own_picture, args=(str(places[0]),),
            )  # fmt: skip


def _correct(job: InferenceJob, found: InferenceColumns, places: Sequence[int], label: str) -> None:
    with errors_said():
        correct(job, found.rows, places, label, by=corrections.BY.held(""))
