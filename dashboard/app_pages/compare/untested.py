"""SimCLR runs, which have no classifier to be tested: what their features were worth by their nearest neighbours."""

from collections.abc import Sequence

import streamlit as st

from dashboard.parts.runs.table import coloured_table
from dashboard.words import between
from sealife_core.evaluation.comparison.rows import representation_rows
from sealife_core.models.facts import title_of
from sealife_core.runs.run import Run
from sealife_core.wording import duration, percent


def untested_table(runs: Sequence[Run]) -> None:
    """One row a SimCLR run, best k-NN accuracy first; nothing without one."""
    rows = representation_rows(runs)
    if not rows:
        return
    st.subheader("SimCLR, before any classifier")
    coloured_table(
        [
            {
                "Run": row.name,
                "Encoder": f"{title_of(row.encoder)}, {row.source}",
                "k-NN": f"{percent(row.knn_accuracy)} ({between(row.low, row.high)})",
                "Guessing": percent(row.chance),
                "Validation pictures": f"{row.n:,} of {row.data}",
                "Trained for": duration(row.train_s),
            }
            for row in rows
        ],
        [row.run_id for row in rows],
        alt="k-NN accuracy of SimCLR runs",
    )
    st.caption(
        "k-NN accuracy: the share of validation pictures that their nearest training pictures classify correctly."
        " It is measured on other pictures than the test accuracy, so do not compare the two. In brackets: 95 %"
        " intervals."
    )
