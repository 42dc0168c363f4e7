"""One click from a data set to a first model: the button, the progress of its run, and its result."""

from collections.abc import Sequence

import streamlit as st

from dashboard import state
from dashboard.cache import datasets, training
from dashboard.error_display import errors_shown
from dashboard.parts.runs import detail
from dashboard.parts.runs.first_model import first_model
from dashboard.parts.runs.run_progress import progress_box
from dashboard.words import plain
from sealife_core.config import AnyConfig, preset, task_of
from sealife_core.demo import REEF
from sealife_core.errors import SealifeError
from sealife_core.folders import checkpoints_root
from sealife_core.runs.directory import create_run, single_runs
from sealife_core.runs.liveness import State
from sealife_core.runs.names import default_name
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.locks import launch_lock
from sealife_core.runs.scheduling.queue import launch, prewarm
from sealife_core.wording import counted, percent

TASK, TITLE, AGAIN = "classify", "Name my animals", "Train again"
TAKES = (
    f"**{TITLE}** trains a first model in about a minute: a network that learned from ImageNet's photographs computes"
    " the features of your pictures, and logistic regression learns your classes from them."
)


def first_models(runs: Sequence[Run], data: str | None = None) -> list[Run]:
    """Those of ``runs`` that name animals, of one data set or of all; runs of a study are not among them."""
    known = [(run, run.config_or_none()) for run in runs]
    return [
        run
        for run, config in known
        if config is not None and task_of(config) == TASK and data in (None, config.data) and not run.notes()["study"]
    ]


def to_name(names: Sequence[str], runs: Sequence[Run]) -> str | None:
    """The newest of a person's own data sets if it can have a first model and never had one; else None."""
    newest = next((name for name in names if name != REEF), None)
    return newest if newest is not None and not known_models(newest, runs) and not why_not(newest) else None


def is_named(data: str, runs: Sequence[Run]) -> bool:
    """Whether the data set as it is now has a first model, or one is on its way."""
    try:
        content = datasets.opened(data).content_hash
    except SealifeError:
        return False
    return any(run.config().data_hash == content for run in known_models(data, runs))


def known_models(data: str, runs: Sequence[Run]) -> list[Run]:
    """The first models of a data set that are finished or on their way, whatever was corrected since."""
    states = ((run, run.state()) for run in first_models(runs, data))
    return [run for run, state in states if state is State.FINISHED or state.active]


def why_not(data: str) -> str:
    """Why this data set cannot have a first model, in a sentence: no labels, one class; "" if it can."""
    try:
        problems = training.launch_problems(_config(data))
    except SealifeError as error:
        return str(error)
    return next((problem.says for problem in problems if problem.refuses), "")


def labels_first(data: str) -> bool:
    """Whether labels are what this data set lacks for a first model, and there are pictures to label."""
    try:
        return bool(why_not(data)) and bool((datasets.opened(data).labels < 0).any())
    except SealifeError:
        return False


def label_button(data: str, *, primary: bool) -> None:
    """Leads to the labelling of a data set."""
    if st.button("Label pictures", type="primary" if primary else "secondary", icon=":material/label:"):
        state.go("label", {state.data.DATASET: data})


def name_button(data: str, *, primary: bool, title: str = TITLE) -> None:
    """Launches the first model of a data set; while one is on its way it cannot be launched again."""
    prewarm()  # PyTorch is imported while the person looks at the button
    kind = "primary" if primary else "secondary"
    key = state.runs.NAME_ANIMALS.of(data)  # the title may count labels: without a key a click on an older one is lost
    if st.button(title, type=kind, icon=":material/category:", disabled=_is_busy(data), key=key):
        with errors_shown():
            with launch_lock(checkpoints_root()):
                if not _is_busy(data):  # the disk says whether this is a second click on the same button
                    launch(create_run(_config(data), name=_name(data)))
            st.rerun()


def again_button(data: str) -> None:
    """Trains a first model, once more where there is one, on the labels as they are now; nothing if it has those."""
    runs = single_runs()
    if not why_not(data) and not is_named(data, runs):
        again = AGAIN if known_models(data, runs) else "Train a model"
        name_button(data, primary=False, title=f"{again} on {_to_learn(data)}")


def _to_learn(data: str) -> str:
    """ "1,379 labels"."""
    return counted(len(datasets.opened(data).rows("train", labelled_only=True)), "label")


def _name(data: str) -> str:
    """The name of a new first model; where there are others, with what tells it apart."""
    name = default_name(TASK, data)
    return f"{name}, {_to_learn(data)}" if known_models(data, single_runs()) else name


def _is_busy(data: str) -> bool:
    return any(run.state().active for run in first_models(single_runs(), data))


def first_model_panel(run: Run, *, short: bool = False) -> None:
    """How far a first model is, then what it reached: all of it, or (``short``) in one line with the way to it."""
    shown = run.state()
    if shown.active:
        says = "It runs in the background: you can leave this page, and its result will be here."
        progress_box(run, says, TITLE if short else "")
    elif shown is State.FINISHED:
        (_in_one_line if short else first_model)(run)
    else:
        detail.problem(run)
        if shown is State.STOPPED:
            st.caption("The run was stopped before its test.")
        _open_button(run, "Open the run")


def first_model_line(data: str) -> None:
    """Of one data set, below its heading: how far its first model is, what it reached, or why it can have none."""
    if problem := why_not(data):
        st.info(plain(problem), icon=":material/info:")
    elif found := first_models(single_runs(), data):
        first_model_panel(found[0], short=True)


def _in_one_line(run: Run) -> None:
    test = (run.results() or {}).get("test") or {}
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        said = f"{percent(test['accuracy'])} of {test['n']:,} test pictures" if test.get("n") else "no test pictures"
        st.markdown(f":material/check_circle: **{TITLE}**: {said} classified correctly.", width="stretch")
        _open_button(run, "See the result")


def _open_button(run: Run, label: str) -> None:
    if st.button(label, icon=":material/arrow_forward:"):
        state.go("runs", {state.runs.RUN: run.id, state.runs.TAB: "Results"})


def _config(data: str) -> AnyConfig:
    return preset(TASK, data=data, data_hash=datasets.opened(data).content_hash)
