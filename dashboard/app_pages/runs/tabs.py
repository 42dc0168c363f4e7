"""The four looks at one run: curves, results, settings, log. Only the open one is drawn."""

import streamlit as st

from dashboard import cache, state
from dashboard.app_pages.runs.log import log_view
from dashboard.app_pages.runs.results import results_view
from dashboard.data.runs import config_of
from dashboard.parts.runs import detail
from dashboard.parts.runs.settings import settings_view
from dashboard.parts.runs.table import colours_of_all
from sealife_core.config import EmbedConfig
from sealife_core.runs.run import Run


def run_tabs(run: Run, polls_s: float | None) -> None:
    """The tabs; curves and log are redrawn every ``polls_s`` seconds (None: the run has ended)."""
    config = config_of(run)
    if config is None:
        st.caption("Its config cannot be read, so nothing else can be shown.")
        return
    shows = {
        "Curves": lambda: st.fragment(detail.curves, run_every=polls_s)(
            [run], detail.panels_of(config), colours_of_all()
        ),
        "Results": lambda: results_view(run, cache.classes(config.data)),
        "Settings": lambda: settings_view(run),
        "Log": lambda: st.fragment(log_view, run_every=polls_s)(run),
    }
    if isinstance(config, EmbedConfig):  # nothing was trained, so there are no curves
        del shows["Curves"]
    for tab, show in zip(st.tabs(list(shows), key=state.runs.TAB, bind="query-params"), shows.values(), strict=True):
        if tab.open:
            with tab:
                show()
