"""Whether two people who labelled the same pictures agree."""

import pandas as pd
import streamlit as st

from dashboard.parts.correcting.labeller import Ask, labeller
from dashboard.state import label
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.curation.agreement import WHY, Agreement, agreement, left_out_said, partners
from sealife_core.wording import counted, percent

A_BATCH = 24


def agreement_view(dataset: Dataset) -> None:
    """Two names, how far they agree, and the pictures on which they do not."""
    people = partners(dataset)
    if not people:
        st.caption(
            "Two people label the same pictures. *Label again* asks a second person for pictures that have a label,"
            " without showing it. Here it then says how often they agree, and shows the pictures on which they do not."
            " A label that was given seeing the other's does not count."
        )
        st.button("Label again", icon=":material/arrow_forward:", on_click=label.VIEW.set, args=("again",))
        return
    with st.container(horizontal=True):
        first = st.selectbox("First", list(people), key=label.FIRST, bind="query-params", width=220)
        second = st.selectbox("Second", people[first], key=label.SECOND, bind="query-params", width=220)
    found = agreement(dataset, first, second)
    st.markdown(_says(found))
    if found.left_out:
        st.caption(left_out_said(found))
    if found.disagreements:
        st.caption("Settle the pictures on which they differ. The figures above stay those of their own labels.")
        asks = [
            Ask(
                row=dataset.row_of(image), likely=[(one, 0.0), (other, 0.0)],
                note=f"{first} says {one}, {second} says {other}.",
            )
            for image, one, other in found.disagreements[:A_BATCH]
        ]  # fmt: skip
        labeller(
            dataset,
            asks,
            label.LABELLER.of("agreement", dataset.name, first, second),
            mode="agreement",
            why=WHY,
            every=A_BATCH,
        )
    table = pd.DataFrame(
        found.confusion, index=pd.Index(found.classes, name=f"{first} \\ {second}"), columns=found.classes
    )
    with st.expander("Who said what, as a table"):
        st.dataframe(table, alt=f"How often {first} and {second} gave each pair of classes")


def _says(found: Agreement) -> str:
    n, agreed = int(found.confusion.sum()), found.agreed
    said = (
        f"**{counted(n, 'picture')} labelled by both independently.** They agree on {percent(agreed.value, 0)}"
        f" ({percent(agreed.low, 0)} to {percent(agreed.high, 0)})."
    )
    if found.kappa is None:
        return f"{said} Both gave one class only, so chance alone would agree."
    kappa = found.kappa
    return (
        f"{said} Cohen's κ is {kappa.value:.2f} ({kappa.low:.2f} to {kappa.high:.2f}): 0 is what chance would agree, 1"
        " is always."
    )
