"""What a run reached: the scores with interval, chance and number of pictures; each class; the figures."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.app_pages.runs.downloads import downloads
from dashboard.parts.buttons import download
from dashboard.parts.class_bars import per_class_bars
from dashboard.parts.runs.first_model import confusions, how_chosen, next_steps
from dashboard.words import between, plain
from sealife_core.config import ClassifierConfig, task_of
from sealife_core.evaluation.embeddings.kept_epoch import kept_words
from sealife_core.runs.run import Run
from sealife_core.wording import percent

FIGURES = {
    "confusion": "Confusion matrix: a row is a true class, a column a predicted class.",
    "predictions": "Predictions and true classes of test pictures.",
    "curves": "The training curves.",
}
FEATURE_MEASURES = {
    "alignment": "how far apart two views of one picture lie; lower is better",
    "uniformity": "how evenly all pictures spread; more negative is better",
    "effective_rank": "how many directions the features use; near 1 they have collapsed",
}


def results_view(run: Run, colours: Mapping[str, str]) -> None:
    """Scores, or why there are none. ``colours``: class → its colour."""
    results = run.results()
    if not results:
        st.caption("Scores appear here when the run has finished.")
        return
    downloads(run)
    test, val = results.get("test"), results.get("val")
    if test is not None:
        seen = test.get("learned_before") or 0
        had = f"test pictures, {seen:,} of which its encoder had seen in training, so that the scores may be too high"
        _classifier(test, had if seen else "test pictures that it never saw in training", colours)
        how_chosen(run)
        confusions(run)
        if task_of(run.config()) == "classify":
            next_steps(run)
    elif val is not None and not isinstance(run.config(), ClassifierConfig):
        _representation(val)
        if said := kept_words(results):
            st.markdown(said)
    elif val is not None:
        _classifier(val, "validation pictures, because the run was stopped before its test", colours)
    figures_view(run)


def _classifier(scored: dict[str, Any], where: str, colours: Mapping[str, str]) -> None:
    st.caption(
        f"On {scored.get('n') or 0:,} {where}. Always guessing the most common class reaches"
        f" {percent(scored.get('chance'))}."
    )
    cells = (
        ("Accuracy", scored.get("accuracy"), between(scored.get("accuracy_low"), scored.get("accuracy_high")),
         "Share of pictures classified correctly"),
        ("Macro-F1", scored.get("macro_f1"), between(scored.get("macro_f1_low"), scored.get("macro_f1_high")),
         "Combines precision and recall. Every class counts the same, rare ones too."),
        ("Top-3", scored.get("top3"), "", "How often the true class is among the three most likely classes"),
        ("Balanced accuracy", scored.get("balanced_accuracy"), "", "The mean recall of all classes"),
        ("Calibration error", scored.get("ece"), "", "How far its confidence is from its accuracy. 0 is best."),
    )  # fmt: skip
    _metrics(cells)
    per_class = scored.get("per_class") or []
    if per_class:
        st.markdown("**Each class**")
        st.caption(
            "Recall: the share of a class's pictures that were classified correctly. Precision: the share of"
            " correct predictions among all predictions of the class."
        )
        per_class_bars(per_class, colours)


def _representation(val: dict[str, Any]) -> None:
    if "knn_accuracy" in val:
        _nearest(val)
    else:
        st.caption("Too few pictures have a label to say how well these features tell the classes apart.")
    rows = [
        {"": name.replace("_", " ").capitalize(), "Value": f"{val[name]:.2f}", "Means": says}
        for name, says in FEATURE_MEASURES.items()
        if val.get(name) is not None
    ]
    if rows:
        st.table(pd.DataFrame(rows), border="horizontal", hide_index=True)


def _nearest(val: dict[str, Any]) -> None:
    nearest = f"{val['knn_k']} nearest training pictures" if "knn_k" in val else "nearest training pictures"
    st.caption(
        f"On {val.get('n') or 0:,} validation pictures, each classified by its {nearest} in feature space. Guessing"
        f" reaches {percent(val.get('chance'))}. Train a classifier on this encoder to get a test accuracy."
    )
    _metrics((("k-NN accuracy", val.get("knn_accuracy"), between(val.get("knn_low"), val.get("knn_high")),
               "The nearest neighbours vote. This needs no training."),))  # fmt: skip


def _metrics(cells: Sequence[tuple[str, Any, str, str]]) -> None:
    with st.grid(5, min_column_width=130, gap="small"):
        for name, value, interval, says in cells:
            span = f"95 %: {interval}" if interval else None
            st.metric(name, percent(value), delta=span, delta_color="off", delta_arrow="off", help=says)


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
            download("Save as PNG", path.read_bytes, f"{run.id}-{path.name}", "image/png", type="tertiary")
