"""The one primary button of Home: what to do next, judged by what is on disk."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard import state
from dashboard.state import UrlKey
from dashboard.words import plain
from sealife_core.config import AnyConfig, SimclrConfig, inherited, source_run, task_of
from sealife_core.demo import REEF
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run


def next_step(names: Sequence[str], runs: Sequence[Run]) -> None:
    """Import, then SimCLR, then a probe and a fine-tune of it, then the comparison."""
    finished = [(run.id, run.config_or_none()) for run in runs if run.state() is State.FINISHED]
    label, page, query, filled = advice(list(names), finished)
    if st.button(plain(label), type="primary", icon=":material/arrow_forward:"):
        if filled:
            state.train.set_form_values(query[state.train.TASK], filled)
        state.go_import() if page == "data" else state.go(page, query)


def advice(
    names: list[str], finished: Sequence[tuple[str, AnyConfig | None]]
) -> tuple[str, str, dict[UrlKey, str], dict[str, Any]]:
    """(what the button says, page, query, what the form there is filled with) for the data sets there are and the
    ``finished`` runs, newest first."""
    own = [name for name in names if name != REEF]
    if not own:
        return "Import my own photographs", "data", {}, {}
    mine = [(run_id, config) for run_id, config in finished if config is not None and config.data in own]
    pretrained = [(run_id, config) for run_id, config in mine if isinstance(config, SimclrConfig)]
    if not pretrained:
        return f"Train SimCLR on {own[0]}", "train", {state.train.TASK: "simclr", state.data.DATASET: own[0]}, {}
    run_id, simclr = pretrained[0]
    followed = {task_of(config) for _, config in mine if source_run(config.weights) == run_id}
    for task, says in (("probe", "Train a linear probe"), ("finetune", "Fine-tune it")):
        if task not in followed:
            query = {state.train.TASK: task, state.data.DATASET: simclr.data}
            return says, "train", query, inherited(simclr) | {"weights": f"run:{run_id}"}
    return "Compare the runs", "compare", {}, {}
