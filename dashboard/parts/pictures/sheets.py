"""Long lists a sheet at a time, with the page numbers below and in the URL."""

from typing import NamedTuple

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.state import UrlKey
from sealife_core.wording import counted


class Sheet(NamedTuple):
    """One sheet: where it is to be drawn, what lies on it, and "61 to 120 of 345 pictures"."""

    place: DeltaGenerator
    shown: np.ndarray
    says: str


def sheet(rows: np.ndarray, a_page: int, key: UrlKey) -> Sheet:
    """The sheet of ``rows`` that the URL's ``key`` names; the numbers stand below it if there is more than one."""
    pages = -(-len(rows) // a_page)
    place = st.container()
    page = 1
    if pages > 1:
        with st.container(horizontal_alignment="center"):
            page = min(st.pagination(pages, key=key, bind="query-params"), pages)
    first = (page - 1) * a_page
    shown = rows[first : first + a_page]
    return Sheet(place, shown, f"{first + 1:,} to {first + len(shown):,} of {counted(len(rows), 'picture')}")
