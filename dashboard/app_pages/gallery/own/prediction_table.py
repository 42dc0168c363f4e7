"""How sure a model is of own pictures, in words and as a table: the same for those dropped and those of a job."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.cache import batch_inference as kept
from dashboard.data.inference_columns import InferenceColumns, is_named
from dashboard.state import gallery
from dashboard.words import plain
from sealife_core.runs.run import Run
from sealife_core.wording import counted, percent

ROW_PX = 56


def threshold_choice(run: Run, found: InferenceColumns) -> float | None:
    """The confidence below which a picture is unknown, from the error that a person wants; None for no such."""
    known, why_not = kept.validated(run)
    wrong = min(50, max(0, gallery.WRONG.number))
    widget = gallery.WRONG.widget.showing(wrong or None)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(
            "Wrong among those named, at most (%)", 1, 50, None, step=1, key=widget, width=330, placeholder="no limit",
            on_change=lambda: gallery.look_for(gallery.WRONG, str(widget.held() or 0)), disabled=known is None,
            help="Pictures of which the model is less sure are called unknown. Without a limit every picture is named.",
        )  # fmt: skip
    if known is None:
        st.caption(f"Confidences are as the model gives them, and nothing is called unknown. {plain(why_not)}")
        return None
    if not found.calibrated or not wrong:
        st.caption("Every picture is named. Confidences are calibrated on the validation pictures of the run.")
        return None
    chosen = known.threshold(wrong / 100)
    st.caption(plain(chosen.sentence))
    return chosen.value


def said_of(found: InferenceColumns, threshold: float | None, corrected: Mapping[int, str]) -> str:
    """How many pictures there are, named, unknown, unlike the training images, corrected and not read (Markdown)."""
    read, named = int(found.read.sum()), int(is_named(found, threshold).sum())
    parts = [f"**{counted(read, 'picture')}**"]
    if threshold is not None:
        parts.append(f"{named:,} named ({percent(named / read if read else None)}), {read - named:,} unknown")
    parts += [f"{int(found.unlike.sum()):,} unlike the training images"] if found.unlike.any() else []
    parts += [counted(len(corrected), "corrected", "corrected")] if corrected else []
    parts += [f"{len(found) - read:,} not read"] if read < len(found) else []
    return " · ".join(parts)


def prediction_table(urls: Sequence[str | None], lines: Mapping[str, Sequence[Any]], **more: Any) -> Any:
    """``lines``, as of ``lines_of``, with a thumbnail each. more: for the data frame, as what ticking does."""
    return st.dataframe(
        pd.DataFrame({"Picture": urls, **lines}), hide_index=True, row_height=ROW_PX,
        alt="The prediction for each picture", height=min(len(urls), 10) * ROW_PX + 40, **more,
        column_config={
            "Picture": st.column_config.ImageColumn(width=72),
            "Confidence": st.column_config.NumberColumn(format="%.1f %%", width=90),
            "Next most likely": st.column_config.TextColumn(width=220),
        },
    )  # fmt: skip


def raw_note(found: InferenceColumns) -> None:
    """Why one large picture says other probabilities than the table."""
    if found.calibrated:
        st.caption("Here the probabilities are as the model gives them; those of the table are calibrated.")
