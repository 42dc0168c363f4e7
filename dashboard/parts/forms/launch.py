"""The button that launches a run, once."""

import hashlib
import json

import streamlit as st

from dashboard.cache import datasets, training
from dashboard.error_display import show_error
from dashboard.parts.forms.time_needed import cost_figures, measuring_lines, time_words
from dashboard.parts.runs.strip import active_runs
from dashboard.state import UrlKey, forms, go, runs
from dashboard.words import plain, run_name
from sealife_core.config import HERE, AnyConfig, Request
from sealife_core.errors import SealifeError
from sealife_core.runs.costs.estimates import count_images, estimate_on
from sealife_core.runs.directory import create_run
from sealife_core.runs.scheduling.forecast import ASKED
from sealife_core.runs.scheduling.placement import RULE, may_go_beside
from sealife_core.runs.scheduling.queue import launch
from sealife_core.wording import size


def launch_button(config: Request | None, name: str, *, watch: tuple[str, UrlKey] = ("runs", runs.RUN)) -> None:
    """Launches ``config``; the same request is not launched twice unless asked for. None: there are problems.

    What would fail cannot be launched: its reasons are shown above the disabled button. What the form shows as the
    button is pressed is launched. watch: the page where one can watch the run, and what its URL calls the run.
    """
    token = _token(config, name)
    possible = config is not None and launch_lines(config)
    launched = forms.launched(token)
    # Not by a callback: its arguments would be those of the last drawing, before a number that was typed just now.
    pressed = st.button(
        "Launched" if launched else "Launch", type="primary", icon=":material/play_arrow:", key=forms.LAUNCH,
        disabled=not possible or launched is not None, width="stretch",
    )  # fmt: skip
    if pressed and config is not None and possible:
        _launch(config, name)
        st.rerun()
    problem = forms.launch_problem(token)
    if problem is not None:
        show_error(problem)
    if launched is not None:
        run_id, run_name = launched
        st.success(
            f"**{plain(run_name)}** is queued. It trains in the background, even if you close this page.",
            icon=":material/check_circle:",
        )
        with st.container(horizontal=True):
            if st.button("Watch it learn", icon=":material/monitoring:"):
                go(watch[0], {watch[1]: run_id})
            st.button("Launch the same again", type="tertiary", on_click=forms.LAUNCHED.take)


def launch_lines(*requests: Request) -> bool:
    """What would keep ``requests`` from ending well, each in a sentence, once. Returns whether they may be launched."""
    problems = dict.fromkeys(problem for request in requests for problem in training.launch_problems(request))
    for refuses, show, icon in ((True, st.error, ":material/error:"), (False, st.warning, ":material/info:")):
        said = [plain(problem.says) for problem in problems if problem.refuses is refuses]
        if said:
            show(said[0] if len(said) == 1 else "\n".join(f"- {line}" for line in said), icon=icon)
    return not any(problem.refuses for problem in problems)


def estimate_lines(config: AnyConfig, name: str) -> None:
    """What the run will take, before it is launched under ``name``: time from a measured rate, memory, disk."""
    dataset = datasets.opened(config.data)
    images, *_ = count_images(config, dataset)
    cost = estimate_on(config, dataset)
    time = time_words(cost.seconds, config.device)
    cost_figures({"Time": time, "Memory": size(cost.memory_bytes), "Disk": size(cost.disk_bytes)})
    elsewhere = "" if config.where == HERE else " The cluster's machines may be faster or slower."
    st.caption(f"{images:,} training images. Time: {plain(cost.basis)}.{elsewhere}")
    launched = forms.launched(_token(config, name)) is not None  # it is in the queue below
    found = None if launched else training.forecasts(config).get(ASKED)
    if found is not None and (found.behind or found.beside):
        st.markdown(f"It {found.says}.")
        if may_go_beside(config):
            st.caption(RULE)
    if cost.seconds is None:
        measuring_lines(config.device)


def queue_lines() -> None:
    """What is running and what waits."""
    active = active_runs()
    if active:
        forecasts = training.forecasts()
        lines = [
            f"{place}. {plain(run_name(run))}, {forecasts[run.id].begins if run.id in forecasts else run.state()}"
            for place, run in enumerate(active, 1)
        ]
        st.markdown("###### Queue")
        st.caption("  \n".join(lines))


def _launch(config: Request, name: str) -> None:
    """A second click on the same button finds the token taken."""
    token = _token(config, name)
    if forms.launched(token) is None:
        try:
            run = create_run(config, name=name)
            forms.remember_launch(token, run.id, name)
            launch(run)
        except SealifeError as error:
            forms.remember_problem(token, error)


def _token(config: Request | None, name: str) -> str:
    values = config.model_dump(mode="json") if config else {}
    return hashlib.sha256(json.dumps([values, name], sort_keys=True).encode()).hexdigest()
