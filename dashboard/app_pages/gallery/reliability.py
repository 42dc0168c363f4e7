"""Whether confidences come true: the reliability diagram, the calibration error, and what one temperature mends."""

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from dashboard.app_pages.gallery.filters import show_pictures
from dashboard.cache import classifiers
from dashboard.data.charts.classifier_charts import reliability_option
from dashboard.state import Key, gallery
from dashboard.theme import accent, ink
from dashboard.words import plain, run_name
from sealife_core.runs.run import Run
from sealife_core.wording import percent

BINS = 10  # tens of percent: what the filter of the Pictures can show too


def calibration_view(run: Run, rival: Run | None) -> None:
    """Before and after temperature scaling, of ``run``; and of ``rival`` below it."""
    st.markdown(
        "A model is **calibrated** if its confidence matches its accuracy: of the answers with 70 % confidence, 70"
        " % should be right. The dashed line shows this. Below the line, the model is overconfident."
    )
    _one(run, rival)
    if rival is not None:
        _one(rival, run)


def _one(run: Run, other: Run | None) -> None:
    if other is not None:
        st.subheader(plain(run_name(run)))
    found = classifiers.calibration(run, classifiers.answers(run).dataset, BINS)
    whole = found.whole
    st.markdown(plain(whole.sentence()))
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**As trained**")
        _figures(whole.ece_before, whole.nll_before)
        _diagram(found.before, gallery.RELIABILITY.of("before", run.id), partial(_pictures_of, run, other))
    with right:
        st.markdown(f"**After recalibration**: temperature {whole.temperature:.2f}, fitted on validation")
        _figures(whole.ece_after, whole.nll_after)
        _diagram(found.after, gallery.RELIABILITY.of("after", run.id))
    st.caption(
        "Each dot is the test pictures in one tenth of the confidence scale. Larger dots have more pictures. The"
        " lines are 95 % intervals. Click a dot on the left to see its pictures. Recalibration (temperature"
        " scaling) divides the network's outputs by one number, chosen on validation pictures. It changes the"
        " confidence, but never the predicted class."
    )


def _pictures_of(run: Run, other: Run | None, place: int) -> None:
    """Turn to the test pictures of one bin; from a callback."""
    low = 100 // BINS * place
    show_pictures(run, other, dict.fromkeys(gallery.FILTERS, "") | {gallery.SURE: f"{low}-{low + 100 // BINS}"})


def _figures(ece: float, nll: float) -> None:
    with st.container(horizontal=True, gap="large"):
        st.metric("Calibration error", percent(ece), width="content", help=(
            "ECE: the difference between confidence and accuracy, averaged over 15 bins. 0 is best."
        ))  # fmt: skip
        st.metric("Loss", f"{nll:.2f} nats", width="content", help=(
            "The mean of −ln(probability of the true class). It is low if the model is sure when it is right and"
            " unsure when it is wrong."
        ))  # fmt: skip


def _diagram(table: pd.DataFrame, key: Key, on_pick: Callable[[int], None] = lambda place: None) -> None:
    """Draws it; ``on_pick`` is called with the bin whose dot is clicked."""
    filled = table.loc[table["n"] > 0, :]
    bins = filled["bin"].tolist()

    def picked() -> None:
        if mark := key.mark(bins):
            on_pick(int(mark[1]))

    told = zip(filled["confidence"], filled["accuracy"], strict=True)
    words = "; ".join(f"{percent(sure, 0)} sure, {percent(right, 0)} right" for sure, right in told)
    option = reliability_option(filled, accent(), ink())
    st.echarts_chart(option, height=340, key=key, on_select=picked, alt=f"Reliability: {words}")
