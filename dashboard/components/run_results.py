"""What a run reached: the scores with interval, chance and number of pictures; each class; the figures."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.components.class_bars import per_class_bars
from dashboard.errors import plain
from sealife_core import wording
from sealife_core.runs.directory import Run

FIGURES = {
    "confusion": "Confusion: a row is what the picture shows, a column what the network said.",
    "predictions": "Predictions against the truth, on test pictures.",
    "curves": "The curves, as a file for a report.",
}


def results_view(run: Run, classes: Sequence[str]) -> None:
    """Scores, or why there are none. ``classes``: those of the data set, in the order of their colours."""
    results = run.results()
    if not results:
        st.caption("Scores appear here when the run has finished.")
        return
    test, val = results.get("test"), results.get("val")
    if test is not None:
        _classifier(test, "test pictures it had never seen", classes)
    elif val is not None and "knn_accuracy" in val:
        _representation(val)
    elif val is not None:
        _classifier(val, "validation pictures; stopped before its test", classes)
    figures_view(run)


def percent(value: Any) -> str:
    """ "61.0 %", – if unknown."""
    return "–" if value is None else wording.percent(value)


def between(low: Any, high: Any) -> str:
    """ "51 to 70 %", the 95 % interval; "" if unknown."""
    if low is None or high is None:
        return ""
    return f"{100 * low:.0f} to {100 * high:.0f} %"


def _classifier(scored: dict[str, Any], where: str, classes: Sequence[str]) -> None:
    st.caption(
        f"On {scored.get('n') or 0:,} {where}. Guessing the commonest class would reach"
        f" {percent(scored.get('chance'))}."
    )
    cells = (
        ("Accuracy", scored.get("accuracy"), between(scored.get("accuracy_low"), scored.get("accuracy_high")),
         "Share of pictures named right"),
        ("Macro-F1", scored.get("macro_f1"), between(scored.get("macro_f1_low"), scored.get("macro_f1_high")),
         "Precision and recall in one number; every class counts the same, rare ones too"),
        ("Top-3", scored.get("top3"), "", "How often the truth is among the three likeliest answers"),
        ("Balanced accuracy", scored.get("balanced_accuracy"), "", "The mean over classes of how many are found"),
        ("Calibration error", scored.get("ece"), "", "How far its confidence is from how often it is right; 0 is best"),
    )  # fmt: skip
    _metrics(cells)
    per_class = scored.get("per_class") or []
    if per_class:
        st.markdown("**Each class**")
        st.caption("Recall: how many of its pictures were found. Precision: how often its name, once said, was right.")
        per_class_bars(per_class, classes)


def _representation(val: dict[str, Any]) -> None:
    nearest = f"{val['knn_k']} nearest training pictures" if "knn_k" in val else "nearest training pictures"
    st.caption(
        f"On {val.get('n') or 0:,} validation pictures, each named by its {nearest} in feature space."
        f" Guessing would reach {percent(val.get('chance'))}. Put a classifier on it for a test accuracy."
    )
    _metrics((("k-NN accuracy", val.get("knn_accuracy"), between(val.get("knn_low"), val.get("knn_high")),
               "Nearest neighbours vote; no training needed"),))  # fmt: skip
    numbers = {
        "Alignment": (val.get("alignment"), "how far apart two views of one picture lie; small is good"),
        "Uniformity": (val.get("uniformity"), "how evenly all pictures spread; more negative is good"),
        "Effective rank": (val.get("effective_rank"), "how many directions the features use; near 1 is collapse"),
    }
    rows = [
        {"": name, "Value": f"{value:.2f}", "Means": says}
        for name, (value, says) in numbers.items()
        if value is not None
    ]
    if rows:
        st.table(pd.DataFrame(rows), border="horizontal", hide_index=True)


def _metrics(cells: Sequence[tuple[str, Any, str, str]]) -> None:
    with st.grid(5, min_column_width=130, gap="small"):
        for name, value, interval, says in cells:
            st.metric(
                name,
                percent(value),
                delta=f"95 %: {interval}" if interval else None,
                delta_color="off",
                delta_arrow="off",
                help=says,
            )


def figures_view(run: Run) -> None:
    """The PNG files that the run drew, folded: each large enough to be read."""
    order = {name: place for place, name in enumerate(FIGURES)}
    found = sorted((run.path / "figures").glob("*.png"), key=lambda path: order.get(path.stem, len(order)))
    if not found:
        return
    with st.expander(f"Figures as files ({len(found)})"):
        for path in found:
            says = FIGURES.get(path.stem, path.stem.replace("_", " "))
            st.image(path.read_bytes(), caption=plain(says), width="content")
            st.download_button(
                "Save as PNG", path.read_bytes(), f"{run.id}-{path.name}", "image/png", key=f"save.{path.name}",
                icon=":material/download:", type="tertiary",
            )  # fmt: skip
