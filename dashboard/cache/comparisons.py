"""Two classifiers image by image, and advice on several; kept."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.cache import Stamp, predictions, predictions_stamp
from sealife_core.runs.directory import Run

if TYPE_CHECKING:
    from sealife_core.evaluation.comparison.paired import Paired, Tested
    from sealife_core.evaluation.comparison.rows import ComparisonRow


def paired(a: Run, b: Run, names: tuple[str, str]) -> "Paired":
    """Two runs image by image; their intervals are kept with it. Raises RunError."""
    return _paired(a.path.as_posix(), b.path.as_posix(), names, predictions_stamp(a), predictions_stamp(b))


def advice(rows: "Sequence[ComparisonRow]", runs: Sequence[Run]) -> str:
    """What to do about the compared ``rows``; ``runs`` hold their predictions."""
    marks = tuple((run.path.as_posix(), predictions_stamp(run)) for run in runs)
    return _advice(tuple(rows), runs, marks)


@st.cache_resource(max_entries=32, show_spinner=False)
def _tested(path: str, changed: Stamp) -> "Tested":
    from sealife_core.evaluation.comparison.paired import tested

    return tested(predictions(Run(Path(path))))


@st.cache_resource(max_entries=256, show_spinner=False)  # every two of the twenty runs that a person may tick
def _paired(a: str, b: str, names: tuple[str, str], changed_a: Stamp, changed_b: Stamp) -> "Paired":
    from sealife_core.evaluation.comparison.paired import paired

    return paired(_tested(a, changed_a), _tested(b, changed_b), name_a=names[0], name_b=names[1])


@st.cache_data(max_entries=32, show_spinner=False)
def _advice(rows: "tuple[ComparisonRow, ...]", _runs: Sequence[Run], marks: tuple[tuple[str, Stamp], ...]) -> str:
    from sealife_core.evaluation.comparison.advice import advice
    from sealife_core.evaluation.comparison.report import readable_predictions

    return advice(rows, readable_predictions(rows, _runs))
