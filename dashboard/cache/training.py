"""Runs before they start and while they train: what would fail, when each starts, its metrics."""

from pathlib import Path
from threading import Lock
from typing import Any

import streamlit as st

from dashboard.cache import datasets
from sealife_core.config import AnyConfig, Request
from sealife_core.folders import checkpoints_root
from sealife_core.launching.data_checks import Problem
from sealife_core.launching.launch_checks import problems_of
from sealife_core.models import imagenet
from sealife_core.runs.files import MetricsReader
from sealife_core.runs.run import METRICS, Run
from sealife_core.runs.scheduling.forecast import QueueForecast, queue_forecast


def launch_problems(request: Request) -> list[Problem]:
    """What would keep ``request`` from ending well; a network is asked once a minute at most."""
    return problems_of(request, datasets.opened(request.data), online=online)


@st.cache_data(ttl=60, show_spinner="Checking whether the weights can be downloaded…")
def online(encoder: str) -> bool | None:
    """Whether the published weights of ``encoder`` can be downloaded; None where nothing answers."""
    return imagenet.reachable(encoder)


def forecasts(asked: AnyConfig | None = None) -> dict[str, QueueForecast]:
    """When each run that waits for this machine starts, and ``asked`` as ASKED. Read from disk each time."""
    return queue_forecast(checkpoints_root(), datasets.opened, metrics, asked)


def metrics(run: Run) -> list[dict[str, Any]]:
    """The rows of the run's metrics.jsonl; only what was added since the last call is read."""
    reader, lock = _reader(str(run.path / METRICS))
    with lock:
        reader.poll()
        return list(reader.rows)


@st.cache_resource(max_entries=64, show_spinner=False)
def _reader(path: str) -> tuple[MetricsReader, Lock]:
    return MetricsReader(Path(path)), Lock()
