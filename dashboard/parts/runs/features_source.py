"""Where the features of the pictures come from: a finished run, or one that is started here."""

from contextlib import suppress
from typing import Any

import streamlit as st

from dashboard.parts.notice import errors_said, way_out
from dashboard.parts.runs.run_progress import progress_box
from sealife_core.config import EmbedConfig, ProbeConfig, preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import RunError
from sealife_core.evaluation.curation.label_free_features import learned_from_labels, run_without_labels
from sealife_core.folders import checkpoints_root
from sealife_core.runs.directory import create_run, single_runs
from sealife_core.runs.names import default_name
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.locks import launch_lock
from sealife_core.runs.scheduling.queue import launch, prewarm
from sealife_core.wording import counted

TASK = "embed"
NETWORK: dict[str, Any] = {"encoder": "tf_efficientnet_lite0", "weights": "imagenet"}  # its weights come along


def features_run(dataset: Dataset, then: str, *, leads: bool = True) -> Run | None:
    """The run whose features are used; until there is one, says so, starts it and shows how far it is.

    then: what the features are for, in a sentence; leads: starting it is the primary button of the page.
    """
    with suppress(RunError):
        return run_without_labels(dataset)
    if not _under_way(dataset.name):
        prewarm()
    text = (
        "**The pictures are compared first.** A network that was trained on ImageNet computes features of every"
        f" picture, once. {then}"
    )
    _offer(dataset, text, "Compare the pictures", leads)
    return None


def newer_features(dataset: Dataset, unseen: int, *, leads: bool) -> None:
    """For ``unseen`` pictures that came after the features: starts those of all, and shows how far they are."""
    have = counted(unseen, "new picture has", "new pictures have")
    _offer(dataset, f"**{have} no features yet**, and cannot be asked for.", "Compare the new pictures", leads)


def _offer(dataset: Dataset, text: str, label: str, leads: bool) -> None:
    if waiting := _under_way(dataset.name):
        says = "It runs in the background: you can leave this page. When it has finished, it goes on here."
        progress_box(waiting, says)
    elif way_out(text, label, leads=leads):
        with errors_said():
            _start(dataset)
        st.rerun()


def _start(dataset: Dataset) -> None:
    config = preset(TASK, "Thorough", data=dataset.name, data_hash=dataset.content_hash, **NETWORK)
    with launch_lock(checkpoints_root()):
        if not _under_way(dataset.name):  # the disk says whether this is a second click
            launch(create_run(config, name=default_name(TASK, dataset.name)))


def _under_way(data: str) -> Run | None:
    """A run that computes such features and trains no encoder: a first model does too."""
    for run in single_runs():
        config = run.config_or_none()
        if not isinstance(config, (EmbedConfig, ProbeConfig)) or config.data != data or config.weights == "random":
            continue
        if run.state().active and not learned_from_labels(run):
            return run
    return None
