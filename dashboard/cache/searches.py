"""What mattered in a search; weighed again only when one more trial has ended."""

from collections.abc import Sequence

import streamlit as st

from sealife_core.config import SearchConfig
from sealife_core.runs.run import Run
from sealife_core.studies import search_results
from sealife_core.studies.search_results import Trial


def importance(run: Run, search: SearchConfig, trials: Sequence[Trial]) -> dict[str, float]:
    """As :func:`search_results.importance`."""
    ended = tuple((trial.number, trial.epochs) for trial in trials if trial.state in ("finished", "pruned"))
    return _importance(search, trials, str(run.path), ended)


@st.cache_data(max_entries=32, show_spinner=False)
def _importance(
    _search: SearchConfig, _trials: Sequence[Trial], folder: str, ended: tuple[tuple[int, int], ...]
) -> dict[str, float]:
    return search_results.importance(_search, _trials)
