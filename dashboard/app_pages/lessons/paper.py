"""What goes on paper: the handout of a lesson, and a worksheet on the loss."""

from collections.abc import Callable

import streamlit as st

from dashboard.data.lessons.handout import handout_html, worksheet_html, worksheet_table
from dashboard.data.lessons.lessons import Lesson, Reading


def handout_button(lesson: Lesson, reading: Reading, figures: Callable[[], str]) -> None:
    """The lesson as an HTML file with what is shown now. It is built at the click."""
    st.download_button(
        "Handout", lambda: handout_html(lesson, reading, figures()), f"lesson-{lesson.key}.html", "text/html",
        icon=":material/print:", on_click="ignore",
        help="This lesson with what it shows now, as one file to print. The answer is folded.",
    )  # fmt: skip


def worksheet() -> None:
    """NT-Xent by hand on four vectors; the solution behind a fold."""
    with st.expander("Worksheet: the loss by hand"):
        st.markdown(
            "Two pictures, 1 and 2, and two views of each, A and B. A network has made a vector z of every view."
            " Compute the cosines of view **A1** with the others, and its loss at temperature 0.5."
        )
        st.dataframe(worksheet_table(), hide_index=True, width="content")
        st.download_button(
            "Worksheet", worksheet_html, "nt-xent-by-hand.html", "text/html", icon=":material/print:",
            on_click="ignore", help="Task and folded solution as one file to print.",
        )  # fmt: skip
