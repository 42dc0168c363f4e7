"""A page of cards at a time, turned by buttons, by number or by the arrow keys."""

import numpy as np
import streamlit as st

from dashboard.parts.pictures.sheets import A_PAGE
from dashboard.state import gallery


def leaf(count: int) -> tuple[int, int]:
    """(the page that is shown, from 1; how many there are) of ``count`` pictures."""
    pages = max(1, -(-count // A_PAGE))
    return min(max(1, gallery.LEAF.number), pages), pages


def on_page(places: np.ndarray, page: int) -> np.ndarray:
    """The places on one page."""
    return places[(page - 1) * A_PAGE : page * A_PAGE]


def page_turner(page: int, pages: int, where: str) -> None:
    """Previous, next; ``where`` keeps two of them apart: the arrow keys belong to "top"."""
    keys = where == "top"
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", width="content"):
        st.button(
            "Previous", icon=":material/chevron_left:", key=gallery.TURNER.of("previous", where), disabled=page <= 1,
            on_click=_turn, args=(page - 1,), shortcut="left" if keys else None,
        )  # fmt: skip
        st.markdown(f"Page {page:,} of {pages:,}", width="content")
        st.button(
            "Next", icon=":material/chevron_right:", key=gallery.TURNER.of("next", where), disabled=page >= pages,
            on_click=_turn, args=(page + 1,), shortcut="right" if keys else None,
        )  # fmt: skip


def _turn(page: int) -> None:
    gallery.LEAF.set(str(page))
