"""What a teacher prepares: what the lessons need and what is there, and one click that starts what is missing."""

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from dashboard import state
from dashboard.cache import training
from dashboard.data.lessons.prepared import Need, needs
from dashboard.parts.notice import errors_said
from dashboard.parts.runs.run_progress import POLL_S
from dashboard.words import plain
from sealife_core.config import AnyConfig, StudyConfig
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import SealifeError
from sealife_core.folders import checkpoints_root
from sealife_core.runs.costs.estimates import estimate_on
from sealife_core.runs.directory import create_run, list_runs, list_studies, single_runs
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.locks import launch_lock
from sealife_core.runs.scheduling.queue import launch
from sealife_core.studies.reuse import fingerprint
from sealife_core.studies.study_cost import study_cost
from sealife_core.wording import duration

Named = tuple[str, AnyConfig | StudyConfig]


def before_class(dataset: Dataset) -> None:
    """A check list of everything that the lessons need of ``dataset``."""
    found = _needs(dataset)
    missing = sum(not need.there for need in found)
    are = "is" if missing == 1 else "are"
    ready = f"{missing} of {len(found)} things {are} missing" if missing else "everything is there"
    said = f"Before the class: {ready} for {plain(dataset.name)}"
    key = state.lessons.BEFORE
    # Streamlit takes an expander with another title for another one, which would be closed
    box = st.expander(said, icon=":material/checklist:", key=key, on_change="rerun", expanded=bool(key.held()))
    if not box.open:  # what everything takes is a second's work: not for everyone who only reads the lesson
        return
    with box:
        for need in found:
            icon = "check_circle" if need.there else "radio_button_unchecked"
            _line(need, dataset, f":material/{icon}: **{need.lessons}**: {need.what}")
        st.caption(
            "Lessons 1 to 3 work with any pictures, lesson 6 with labelled ones. What trains here is small; a longer"
            " SimCLR run from the Train page, such as one overnight, shows more."
        )


def missing(key: str, dataset: Dataset) -> None:
    """In a lesson: what it needs and does not find, how long that takes, and the button."""
    need = next(need for need in _needs(dataset) if need.key == key)
    _line(need, dataset, need.what[0].upper() + need.what[1:])


def _needs(dataset: Dataset) -> list[Need]:
    return needs(dataset, single_runs(), list_studies())


def _line(need: Need, dataset: Dataset, said: str) -> None:
    if need.there:
        st.markdown(f"{said}. {plain(need.there)}.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        left = _left(need.requests)
        refused = [problem.says for _, asked in left for problem in training.launch_problems(asked) if problem.refuses]
        if refused:
            st.markdown(f"{said}. {plain(refused[0])}", width="stretch")
        elif not left:
            st.fragment(_on_its_way, run_every=POLL_S)(need.key, dataset, said)
        else:
            takes = _takes(left, dataset)
            st.markdown(f"{said}. Missing; {takes}.", width="stretch")
            st.button(
                "Start it", icon=":material/play_arrow:", key=state.lessons.START.of(need.key), on_click=_start,
                args=(need.requests, dataset.name),
            )  # fmt: skip


def _on_its_way(key: str, dataset: Dataset, said: str) -> None:
    """Says so until it has come, or nothing is on its way any more; then the page is drawn again."""
    need = next(need for need in _needs(dataset) if need.key == key)
    if need.there or _left(need.requests):
        st.rerun(scope="app")
    if any(run.state().active for run in list_runs() if _answers(run, need.requests)):
        st.markdown(f"{said}. On its way: this line changes when it has finished.", width="stretch")
    else:
        st.markdown(
            f"{said}. It was trained, and cannot be used here: it needs labelled test pictures as they are now.",
            width="stretch",
        )


def _left(requests: Sequence[Named]) -> list[Named]:
    """Those of ``requests`` that no run has answered or is about to."""
    begun = [run for run in list_runs() if run.state() in (State.QUEUED, State.RUNNING, State.FINISHED)]
    return [one for one in requests if not any(_answers(run, [one]) for run in begun)]


def _answers(run: Run, requests: Sequence[Named]) -> bool:
    """Whether ``run`` is of one of these requests; a damaged one is of none."""
    with suppress(SealifeError):
        return fingerprint(run.request()) in [fingerprint(request) for _, request in requests]
    return False


def _takes(requests: Sequence[Named], dataset: Dataset) -> str:
    took = [_seconds(request, dataset) for _, request in requests]
    known = [seconds for seconds in took if seconds is not None]
    if len(known) < len(took):
        return "its time on this machine is not known yet"
    return f"it takes about {duration(sum(known))} on this machine"


def _seconds(request: AnyConfig | StudyConfig, dataset: Dataset) -> float | None:
    if isinstance(request, StudyConfig):
        return study_cost(request, dataset, checkpoints_root()).seconds
    return estimate_on(request, dataset).seconds


def _start(requests: Sequence[Named], data: str) -> None:
    with errors_said(), launch_lock(checkpoints_root()):
        begun = _left(requests)  # the disk says whether this is a second click
        for name, request in begun:
            launch(create_run(request, name=f"{name} ({data})"))
        names = " and ".join(f"**{plain(name)}**" for name, _ in begun)
        if begun:
            state.say(f"{names} {'trains' if len(begun) == 1 else 'train'} in the background.")
