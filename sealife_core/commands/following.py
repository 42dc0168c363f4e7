"""The state of runs, one line each, and waiting for their end."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from sealife_core.commands.output import Output
from sealife_core.config import AnyConfig, marked, task_of
from sealife_core.datasets.dataset import open_dataset
from sealife_core.errors import SealifeError
from sealife_core.runs.directory import runs_root
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.forecast import QueueForecast, queue_forecast

POLL_S = 0.5


def run_summary(run: Run, forecasts: Mapping[str, QueueForecast] | None = None) -> dict[str, Any]:
    """The columns of ``runs list`` for one run, and when it begins if ``forecasts`` (by run id) say so.

    A damaged run has its problem as message.
    """
    try:
        config = run.request()
        task, data = marked(task_of(config), run.broken), config.data
    except SealifeError as error:
        return {"id": run.id, "name": "", "task": "", "data": "", "state": "damaged", "message": str(error)}
    shown, error, forecast = run.shown(), run.error(), (forecasts or {}).get(run.id)
    damaged = [] if shown.state is State.DAMAGED else run.problems()  # single files
    message = " ".join([error["what"] if error else shown.message, *damaged])
    if forecast:
        message = f"{shown.message}: {forecast.says}" if shown.message else forecast.says
    return {
        "id": run.id, "name": run.notes().get("name", ""), "task": task, "data": data, "state": str(shown.state),
        "message": message, **(asdict(forecast) if forecast else {}),
    }  # fmt: skip


def waiting_times(asked: AnyConfig | None = None) -> dict[str, QueueForecast]:
    """Run id → when it begins, for the runs in this machine's queue; and for the config ``asked`` under ASKED."""
    return queue_forecast(runs_root(), open_dataset, asked=asked)


def follow_until_done(runs: list[Run], output: Output) -> int:
    """Print every change of state until all ``runs`` have ended. Returns 1 if one did not finish, else 0."""
    said: dict[str, str] = {}
    waiting = list(runs)
    while waiting:
        for run in list(waiting):
            now = run_summary(run)
            line = f"{run.id}  {now['state']}  {now['message']}"
            if said.get(run.id) != line:
                output.say(line)
                said[run.id] = line
            if now["state"] in ("finished", "stopped", "failed", "interrupted", "damaged"):
                waiting.remove(run)
        time.sleep(POLL_S)
    return int(any(str(run.state()) != "finished" for run in runs))


def follow_or_hint(run: Run, output: Output, *, follow: bool, kind: str, show: Callable[[Run, Output], object]) -> int:
    """Say how to see the launched ``kind`` of run; with ``follow``, wait until it is done and show it.

    Returns 1 if it was waited for and did not finish, else 0.
    """
    if not follow:
        hint = f"Launched {run.id}. See the results: python -m sealife_core {kind} show {run.id}"
        output.result({"run": run.id}, hint)
        return 0
    failed = follow_until_done([run], output)
    show(run, output)
    return failed
