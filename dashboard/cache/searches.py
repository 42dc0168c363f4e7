"""What mattered in a search; weighed again only when one more trial has ended."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from sealife_core.runs.run import Run

if TYPE_CHECKING:
    from sealife_core.config import SearchConfig
    from sealife_core.studies.search_results import Trial


def importance(run: Run, search: "SearchConfig", trials: "Sequence[Trial]") -> dict[str, float]:
    """What mattered in a search: weighed again only when one more trial has ended."""
    ended = tuple((trial.number, trial.epochs) for trial in trials if trial.state in ("finished", "pruned"))
    return _importance(search, trials, str(run.path), ended)


@st.cache_data(max_entries=32, show_spinner=False)
def _importance(
    _search: "SearchConfig", _trials: "Sequence[Trial]", folder: str, ended: tuple[tuple[int, int], ...]
) -> dict[str, float]:
    from sealife_core.studies.search_results import importance as weighed

    return weighed(_search, _trials)
