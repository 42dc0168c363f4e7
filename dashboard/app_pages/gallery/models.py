"""Which model's answers are shown, and which other model's answers they are compared with."""

from collections.abc import Sequence

import streamlit as st

from dashboard.state import gallery, turn
from dashboard.words import key_number, with_method
from sealife_core.config import ClassifierConfig
from sealife_core.evaluation.comparison.candidates import distinct_names
from sealife_core.runs.run import PREDICTIONS, Run


def classifiers(runs: Sequence[Run]) -> list[Run]:
    """Those of ``runs`` that are classifiers and have written their answers."""
    return [
        run for run in runs if isinstance(run.config_or_none(), ClassifierConfig) and (run.path / PREDICTIONS).is_file()
    ]


def model_choice(runs: Sequence[Run]) -> tuple[Run, Run | None]:
    """Two select boxes. Returns the chosen run and the one to compare it with, or None."""
    known, names = {run.id: run for run in runs}, distinct_names(runs)
    words = {"": "No other model"} | {run.id: title(run, names[run.id]) for run in runs}
    run = known[gallery.looked_at(list(known))]
    rivals = [other.id for other in runs if other != run and same_pictures(run, other)]
    held = gallery.AGAINST.value if gallery.AGAINST.value in rivals else ""
    beside = gallery.AGAINST.widget.showing(held)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Model", list(known), format_func=words.__getitem__, key=gallery.MODEL.showing(run.id),
            on_change=lambda: gallery.choose_run(gallery.MODEL.held()), width=420,
        )  # fmt: skip
        st.selectbox(
            "Compare with", ["", *rivals], key=beside, width=420, disabled=not rivals,
            format_func=words.__getitem__,
            on_change=lambda: turn({gallery.AGAINST: beside.held(), gallery.OUTCOME: "", gallery.LEAF: ""}),
            help="Another model that was tested on the same pictures." if rivals
            else "No other model was tested on the same pictures.",
        )  # fmt: skip
    return run, known.get(held)


def same_pictures(run: Run, other: Run) -> bool:
    """Whether both were tested on the same pictures with the same labels."""
    first, second = ((one.results() or {}).get("test_hash") for one in (run, other))
    return bool(first) and first == second


def title(run: Run, name: str) -> str:
    """ "Fine-tune on reef · Fine-tune · 61.0 % test"; the method only where the name does not say it."""
    return " · ".join(filter(None, (with_method(name, run.config().method), key_number(run))))
