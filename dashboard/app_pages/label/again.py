"""A second person labels what others have labelled, without seeing their answers: do they agree?"""

import streamlit as st

from dashboard.parts.correcting.correcting import known_as
from dashboard.parts.correcting.labeller import Ask, labeller
from dashboard.state import corrections, label
from sealife_core.datasets.corrections.entries import labels_by
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.curation.agreement import BLIND, labelled_by_others, to_label_again

A_BATCH, ASKED_AGAIN = 24, 12


def again_view(dataset: Dataset) -> None:
    """Who labels, whose pictures, and one after the other."""
    names = st.container(horizontal=True)
    with names:
        typed = st.text_input(
            "Your name", key=label.AGAIN_BY.showing(corrections.BY.held("")), max_chars=60, width=220,
            on_change=lambda: corrections.BY.hold(label.AGAIN_BY.held().strip()),
        ).strip()  # fmt: skip
    by = known_as(dataset, typed)
    others = labelled_by_others(dataset, by)
    with names:
        first = st.selectbox(
            "First labelled by", list(others), key=label.AGAIN, bind="query-params", width=220, disabled=not others,
            placeholder="Nobody else yet",
        )  # fmt: skip
    if not by:
        st.caption("Type your name. It is kept with each answer, so that yours can be compared with the first.")
        return
    if not first:
        st.caption("Nobody else has labelled a picture here. Label next asks for those without a label.")
        return
    left = to_label_again(dataset, others[first], by)
    done = len(labels_by(dataset.entries, "opinion").get(by, {}).keys() & others[first].keys())
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{done:,} labelled again by you**, {len(left):,} left.", width="stretch")
        if done:
            st.button(
                "Do you agree?", icon=":material/arrow_forward:", type="tertiary", on_click=label.compare,
                args=(first, by),
            )  # fmt: skip
    asks = [
        Ask(row=dataset.row_of(image), likely=[(name, 0.0) for name in dataset.classes]) for image in left[:A_BATCH]
    ]
    labeller(
        dataset, asks, label.LABELLER.of("again", dataset.name, first, by), mode=BLIND, why=BLIND, every=ASKED_AGAIN
    )
    st.caption(
        "You see neither the first label nor what a model says. Your answers are second opinions: no label changes. The"
        " order is random, so you may stop at any picture; about 50 make a first κ."
    )
