"""Which classes are taken for which: the confusion matrix and the table of classes, both ways to the pictures."""

from functools import partial

import numpy as np
import streamlit as st

from dashboard.app_pages.gallery.class_table import class_table
from dashboard.app_pages.gallery.confusion import SHARES, confusion_matrix
from dashboard.app_pages.gallery.filters import segments, show_pictures, split_choice, wanted
from dashboard.cache import classifiers
from dashboard.data.confusion_shares import MOST_CLASSES, most_confused
from dashboard.state import gallery
from dashboard.words import between, plain, run_name
from sealife_core.runs.run import Run
from sealife_core.wording import SPLIT_WORDS, percent


def classes(run: Run, rival: Run | None) -> None:
    """The matrix and the table of ``run``, and below them those of ``rival`` if there is one."""
    answers = classifiers.answers(run)
    split = wanted(answers, False).split
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split_choice(answers, split)
        shares = gallery.SHARES.value if gallery.SHARES.value in SHARES else ""
        segments(gallery.SHARES, "In each cell", SHARES, shares)
    _one(run, rival, split, shares)
    if rival is not None:
        _one(rival, run, split, shares)


def _one(run: Run, other: Run | None, split: str, shares: str) -> None:
    answers = classifiers.answers(run)
    scored = classifiers.split_scores(run, answers.dataset, split)
    if other is not None:
        st.subheader(plain(run_name(run)))
    if scored is None:
        st.caption("There are no predictions for this split.")
        return
    counts = np.asarray(scored["confusion"])
    images = f"{scored['n']:,} {SPLIT_WORDS.get(split, 'validation and test')} pictures"
    st.markdown(
        f"**{percent(scored['accuracy'])}** of {images} classified correctly (95 % interval"
        f" {between(scored['accuracy_low'], scored['accuracy_high'])}), macro-F1 {percent(scored['macro_f1'])}."
        f" Always guessing the most common class reaches {percent(scored['chance'])}."
    )
    shown = list(range(len(answers.classes)))
    if len(shown) > MOST_CLASSES:
        shown = most_confused(counts)
        st.caption(f"The {len(shown)} most confused of {len(answers.classes)} classes are shown.")
    pick = partial(_pictures_of, run, other)
    confusion_matrix(answers, counts, shown, shares, gallery.CONFUSION.of(run.id), pick)
    unit = {"": "the number of pictures", "truth": "percent of the row", "said": "percent of the column"}[shares]
    st.caption(
        f"Rows are true classes, columns are predicted classes. A cell shows {unit}. The diagonal is correct, the"
        " rest are mistakes. Click a cell, a row or a column to see its pictures."
    )
    st.markdown("**Each class**")
    class_table(answers, scored["per_class"], counts, gallery.CLASS_TABLE.of(run.id), pick)
    st.caption(
        "Recall: the share of a class's pictures that were classified correctly. Precision: how often the model is"
        " right when it predicts the class. F1 is high only if both are high. Hover over a recall for its 95 %"
        " interval. The fewer pictures a class has, the wider the interval."
    )


def _pictures_of(run: Run, other: Run | None, picked: dict[str, str]) -> None:
    """Turn to the pictures of a cell, a row or a column; from a callback."""
    asked = {key: picked.get(key, "") for key in (gallery.TRUTH, gallery.PREDICTED)}
    show_pictures(run, other, dict.fromkeys((gallery.OUTCOME, gallery.SURE, gallery.EVIDENCE), "") | asked)
