"""What the numbers say, in a box above them: the answer first, what stands behind it smaller."""

import re

import streamlit as st

from dashboard.words import plain

SENTENCE_END = re.compile(r"(?<=[.!?]) (?=[A-Z“])")


def advice_box(said: str) -> None:
    """The first sentence of ``said`` as text, the others as a caption."""
    first, *others = SENTENCE_END.split(said, maxsplit=1)
    with st.container(border=True, key="advice"):
        st.markdown(f":material/lightbulb: {plain(first)}")
        for text in others:
            st.caption(plain(text))
