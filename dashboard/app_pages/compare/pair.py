"""Two runs on the same pictures: McNemar in words, by class, and the four piles of pictures behind it."""

from collections.abc import Sequence
from contextlib import suppress

import pandas as pd
import streamlit as st

from dashboard.app_pages.compare.class_differences import class_view
from dashboard.app_pages.compare.piles import piles_view
from dashboard.cache import comparisons
from dashboard.data.compared import pair_rows
from dashboard.error_display import errors_shown
from dashboard.state import compare
from dashboard.words import plain
from sealife_core.errors import SealifeError
from sealife_core.evaluation.comparison.advice import interval
from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow
from sealife_core.evaluation.comparison.paired import Paired
from sealife_core.runs.run import Run
from sealife_core.wording import points


@errors_shown()
def pair_view(rows: Sequence[ComparisonRow], runs: Sequence[Run]) -> None:
    """Choose two of ``runs`` (in the order of ``rows``), read what sets them apart, look at the pictures."""
    if len(rows) < 2:
        st.caption("Tick a second run to compare the two picture by picture.")
        return
    a, b = _choose(rows)
    known = {run.id: run for run in runs}
    names = {row.run_id: row.name for row in rows}
    pair = comparisons.paired(known[a], known[b], (names[a], names[b]))
    _says(pair)
    if len(rows) > 2:
        _all_pairs(rows, known)
    class_view(pair, rows[0].data)
    piles_view(pair, known[b].config().data, names[a], names[b])


def asked_pair(rows: Sequence[ComparisonRow]) -> tuple[str, str]:
    """(from, to) of the URL; what it does not name of ``rows``, two or more, is the best of the others."""
    ids = [row.run_id for row in rows]
    a, b = compare.FROM.value, compare.TO.value
    b = b if b in ids else next(run_id for run_id in ids if run_id != a)
    a = a if a in ids and a != b else next(run_id for run_id in ids if run_id != b)
    return a, b


def _choose(rows: Sequence[ComparisonRow]) -> tuple[str, str]:
    names = {row.run_id: row.name for row in rows}
    ids = list(names)
    a, b = asked_pair(rows)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for key, title, held, other in ((compare.FROM, "Baseline", a, b), (compare.TO, "Compared run", b, a)):
            st.selectbox(
                title, [run_id for run_id in ids if run_id != other], format_func=names.__getitem__, width=300,
                key=key.widget.showing(held), on_change=lambda key=key: compare.show({key: key.widget.held()}),
            )  # fmt: skip
        swapped = {compare.FROM: b, compare.TO: a}
        st.button("Swap", icon=":material/swap_horiz:", on_click=compare.show, args=(swapped,))
    return a, b


def _says(pair: Paired) -> None:
    accuracy, macro = pair.accuracy_difference, pair.macro_f1_difference
    st.markdown(f"#### {plain(pair.sentence())}")
    st.markdown(
        f"Accuracy **{points(accuracy.value)} points** ({interval(accuracy)}),"
        f" macro-F1 **{points(macro.value)} points** ({interval(macro)})."
    )
    st.caption(
        "p (exact McNemar test) looks at the pictures that only one of the two runs classifies correctly. It is the"
        " probability that chance alone splits them at least this unevenly. The intervals are over the test"
        " pictures. They cover one training of each run: another seed would give slightly different numbers."
    )


def _all_pairs(rows: Sequence[ComparisonRow], known: dict[str, Run]) -> None:
    """Every two runs in one table, corrected for their number."""
    with st.expander(f"All pairs of the {len(rows)} runs"):
        found = []
        for place, worse in enumerate(rows):
            for better in rows[:place]:
                names = worse.name, better.name
                with suppress(SealifeError):
                    found.append(comparisons.paired(known[worse.run_id], known[better.run_id], names))
        st.dataframe(pd.DataFrame(pair_rows(found)), hide_index=True, alt="All pairs of runs compared")
        st.caption(
            "Without any real difference, about one comparison in twenty still gives p below 0.05. Holm’s"
            f" correction for {len(found)} comparisons accounts for this: rely on the last column."
        )
