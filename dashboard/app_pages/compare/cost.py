"""What accuracy costs: the time that training took; and how deep it goes, where runs differ in that alone."""

from collections.abc import Sequence

import streamlit as st

from dashboard.data.charts.comparison_charts import cost_option, depth_option
from dashboard.parts.runs.table import colours_of_all
from dashboard.state import compare
from dashboard.theme import accent, ink
from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow
from sealife_core.evaluation.comparison.differences import ladders
from sealife_core.runs.run import Run
from sealife_core.wording import duration, percent


def cost_view(rows: Sequence[ComparisonRow]) -> None:
    """Accuracy against training time, one dot a run; a ring where pre-training is counted too."""
    timed = [row for row in rows if row.train_s]
    if not timed:
        st.caption("The training time of these runs was not recorded.")
        return
    st.markdown("**Accuracy against training time**")
    st.echarts_chart(
        cost_option(timed, colours_of_all(), ink()), height=320, key=compare.CHART.of("cost"),
        alt="; ".join(f"{row.name}: {percent(row.accuracy)} after {duration(row.train_s)}" for row in timed),
    )  # fmt: skip
    rings = " The ring of a dot includes the time to pre-train the encoder. Other runs can share that pre-training."
    st.caption(
        "Left is cheaper, up is better. Each step on the time axis is a factor of ten."
        + (rings if any(row.pretrain_s for row in timed) else "")
        + " Times depend on the machine and on what else it was doing. The table lists the parameters trained."
    )


def ladder_view(rows: Sequence[ComparisonRow], runs: Sequence[Run]) -> None:
    """Accuracy against how many stages were trained, for each set of runs that differ in nothing else."""
    found = ladders(rows, runs)
    if not found:
        return
    st.markdown("**How deep the training goes**")
    for place, ladder in enumerate(found):
        st.echarts_chart(
            depth_option(ladder, accent()), height=260, key=compare.CHART.of("ladder", place),
            alt="; ".join(f"{stages} stages: {percent(row.accuracy)}" for stages, row in ladder),
        )  # fmt: skip
    st.caption(
        "These runs differ only in how many of the encoder's five stages were trained, starting with the deepest."
        " Bars are 95 % intervals."
    )
