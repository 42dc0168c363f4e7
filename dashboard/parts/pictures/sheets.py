"""Long lists a sheet at a time, with the page numbers below and in the URL."""

from typing import NamedTuple

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.state import UrlKey
from sealife_core.wording import counted

A_PAGE = 48


class Sheet(NamedTuple):
    """One sheet: the container to draw it in, what is on it, "61 to 120 of 345", and the same with "pictures"."""

    place: DeltaGenerator
    shown: np.ndarray
    span: str
    says: str


def sheet(rows: np.ndarray, key: UrlKey, a_page: int = A_PAGE) -> Sheet:
    """The sheet of ``rows`` that the URL's ``key`` names, with page numbers below it if there is more than one."""
    pages = -(-len(rows) // a_page)
    place = st.container()
    page = 1
    if pages > 1:
        with st.container(horizontal_alignment="center"):
            page = min(st.pagination(pages, key=key, bind="query-params"), pages)
    first = (page - 1) * a_page
    shown = rows[first : first + a_page]
    span = f"{first + 1:,} to {first + len(shown):,} of"
    return Sheet(place, shown, f"{span} {len(rows):,}", f"{span} {counted(len(rows), 'picture')}")
