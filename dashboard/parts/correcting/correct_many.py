"""Correcting several pictures at once: a class, a split, a group, or leaving them out."""

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from dashboard.parts.notice import carry_out
from dashboard.state import Key
from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.corrections.versions import known_label
from sealife_core.datasets.dataset import Dataset
from sealife_core.wording import SPLIT_WORDS, counted


def correct_many(dataset: Dataset, rows: Sequence[int], key: Key, *, why: str = "hand", label: str = "Correct") -> None:
    """A button that opens what can be done with the pictures of ``rows``; every change can be undone."""
    with st.popover(label, icon=":material/edit:", key=key):
        st.caption(f"For {counted(len(rows), 'picture')}. The History tab of the Data page undoes it.")
        name = st.selectbox(
            "Class", dataset.classes, index=None, accept_new_options=True, key=key.of("class"),
            placeholder="Choose, or type a new one",
        )  # fmt: skip
        st.button(
            "Give them this class", disabled=not name, key=key.of("label"), type="primary",
            on_click=correct_now, args=(dataset, rows, {"label": known_label((name or "").strip(), dataset)}, why),
        )  # fmt: skip
        split = st.segmented_control(
            "Split", list(SPLIT_WORDS), format_func=SPLIT_WORDS.__getitem__, key=key.of("split")
        )
        st.button(
            "Move them there", disabled=not split, key=key.of("move"),
            on_click=correct_now, args=(dataset, rows, {"split": split or ""}, why),
        )  # fmt: skip
        group = st.text_input("Group", key=key.of("group"), max_chars=100, placeholder="a dive, a film").strip()
        st.button(
            "Put them into this group", disabled=not group, key=key.of("into"),
            on_click=correct_now, args=(dataset, rows, {"group": group}, why),
        )  # fmt: skip
        st.button(
            "Leave them out", icon=":material/visibility_off:", key=key.of("out"),
            on_click=correct_now, args=(dataset, rows, {"excluded": "yes"}, why),
        )  # fmt: skip


def correct_now(dataset: Dataset, rows: Sequence[int], fields: Mapping[str, str], why: str) -> None:
    """Change the pictures of ``rows``, as one correction, and say so with an undo; from a callback."""
    changes = {str(image): fields for image in dataset.manifest["id"].iloc[list(rows)]}
    carry_out(partial(correct, dataset, changes, why=why))
