"""What a component needs so that its pictures can be corrected where they are open: see lightbox.js."""

from typing import Any

import streamlit as st

from dashboard.correction_routes import correct_url, picture_url
from dashboard.state import Key, corrections
from dashboard.words import plain
from sealife_core.datasets.corrections.entries import People
from sealife_core.datasets.dataset import Dataset
from sealife_core.wording import SPLIT_WORDS


def correcting(dataset: Dataset, *, correctable: bool = True) -> dict[str, Any]:
    """The ``correcting`` of the component's data; without ``correctable`` all is shown and nothing changed."""
    about = {"about": picture_url(dataset), "by": corrections.BY.held("")}
    return about | ({"send": correct_url(dataset), "splits": list(SPLIT_WORDS.items())} if correctable else {})


def known_as(dataset: Dataset, by: str) -> str:
    """The name under which what ``by`` does is kept, told where it is not the one that was typed."""
    known = People(dataset.entries).called(by)
    if known != by:
        st.caption(f"Kept under the name {plain(known)}: capitals and spaces make no other person.")
    return known


def events(key: Key) -> dict[str, Any]:
    """The callbacks of such a component: who corrects; that something was, so that the page shows it."""
    return {
        "on_corrected_change": lambda: None,
        "on_named_change": key.on("named", corrections.BY.hold),
    }
