"""The filters of the Gallery, all in the URL."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from dashboard.data.classifier_answers import ORDERS, OUTCOMES, PAIRED, TESTED, Answers, Filters
from dashboard.state import gallery, turn
from dashboard.state.keys import UrlValue
from dashboard.words import plain, whole_number
from sealife_core.runs.run import Run
from sealife_core.wording import SPLIT_WORDS

SPLITS = {"test": "Test", "val": "Validation", "all": "Both"}


def wanted(answers: Answers, paired: bool) -> Filters:
    """The filters as the URL has them; a run that was stopped before its test has validation pictures alone."""
    found = filters_of({key: key.value for key in (*gallery.FILTERS, gallery.ORDER)}, answers.classes, paired)
    return found if answers.test.any() else replace(found, split="val")


def filter_row(answers: Answers, shown: Filters, paired: bool) -> None:
    """The widgets, showing ``shown``."""
    names = {"": "Any class"} | {name: name for name in answers.classes}
    words = {"": "All"} | OUTCOMES | (PAIRED if paired else {})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        select(gallery.TRUTH, "True class", names, shown.truth, 150)
        select(gallery.PREDICTED, "Predicted class", names, shown.predicted, 150)
        if paired:
            select(gallery.OUTCOME, "Outcome", words, shown.outcome, 220)
        else:
            segments(gallery.OUTCOME, "Outcome", words, shown.outcome)
        split_choice(answers, shown.split)
        sure = gallery.SURE.widget.showing((shown.low, shown.high))
        st.slider("Confidence (%)", 0, 100, key=sure, on_change=_sure, width=150)
        st.text_input(
            "Find by name", key=gallery.FILE.widget.showing(shown.named), on_change=_changed, args=(gallery.FILE,),
            width=165, placeholder="part of a file name",
        )  # fmt: skip


def split_choice(answers: Answers, shown: str) -> None:
    """Test or validation pictures, or both; nothing where there is only one kind."""
    if answers.test.any() and not answers.test.all():
        segments(gallery.SET, "Pictures of", SPLITS, shown)


def order_choice(shown: Filters) -> None:
    """Which pictures come first."""
    select(gallery.ORDER, "Order", ORDERS, shown.order, 230, label_visibility="collapsed")


def segments(key: UrlValue, label: str, words: dict[str, str], value: str) -> None:
    """A choice of ``words`` that the URL keeps under ``key``."""
    st.segmented_control(
        label, list(words), format_func=words.__getitem__, key=key.widget.showing(value), required=True,
        on_change=_changed, args=(key,),
    )  # fmt: skip


def _changed(key: UrlValue) -> None:
    turn({key: key.widget.held() or "", gallery.LEAF: ""})


def select(
    key: UrlValue, label: str, words: Mapping[str, str], value: str, width: int,
    changed: Callable[[UrlValue], None] = _changed, **more: Any,
) -> None:  # fmt: skip
    """A box of ``words``, which shows ``value``; what is chosen of them goes to ``changed`` with its ``key``."""
    st.selectbox(
        label, list(words), format_func=words.__getitem__, key=key.widget.showing(value), on_change=changed,
        args=(key,), width=width, **more,
    )  # fmt: skip


def _sure() -> None:
    low, high = gallery.SURE.widget.held()
    turn({gallery.SURE: f"{low}-{high}", gallery.LEAF: ""})


def show_pictures(run: Run, other: Run | None, changes: Mapping[UrlValue, str]) -> None:
    """Turn to the pictures of ``run``, and of ``other`` if there is one, with other filters; from a callback."""
    if other is not None:
        gallery.swap(run.id, other.id)
    turn({**dict.fromkeys((gallery.LEAF, gallery.PICTURE, gallery.SHOW), ""), **changes})


def spoken(shown: Filters, count: int) -> str:
    """The filters in words, of ``count`` pictures: "wrong test pictures of crab, classified as fish, 20 to 80 % sure";
    Markdown."""
    kind = f"{shown.outcome} " if shown.outcome in OUTCOMES else ""
    split = f"{SPLIT_WORDS[shown.split]} " if shown.split in TESTED else ""
    parts = [
        f"{kind}{split}{'picture' if count == 1 else 'pictures'}"
        + (f" of **{plain(shown.truth)}**" if shown.truth else "")
    ]
    if shown.predicted:
        parts.append(f"classified as **{plain(shown.predicted)}**")
    if shown.outcome in PAIRED:
        parts.append(PAIRED[shown.outcome].lower())
    if (shown.low, shown.high) != (0, 100):
        parts.append(f"{shown.low} to {shown.high} % sure")
    if shown.named:
        parts.append(f"with “{plain(shown.named)}” in the file name")
    return ", ".join(parts)


def filters_of(values: Mapping[str, str], classes: Sequence[str], paired: bool) -> Filters:
    """Filters from the texts of a URL. What is not understood is left out: a link never fails."""

    def among(options: Container[str], key: str, otherwise: str = "") -> str:
        value = values.get(key, "")
        return value if value in options else otherwise

    ends = values.get("sure", "").partition("-")
    low, high = sorted(min(whole_number(end, usual), 100) for end, usual in zip(ends[::2], (0, 100), strict=True))
    return Filters(
        truth=among(classes, "truth"),
        predicted=among(classes, "predicted"),
        outcome=among(OUTCOMES | (PAIRED if paired else {}), "outcome"),
        low=low,
        high=high,
        split=among(SPLITS, "set", "test"),
        named=values.get("file", "").strip(),
        order=among(ORDERS, "order", "mistakes"),
    )
