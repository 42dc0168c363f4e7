"""How runs stand, in a line each; and waiting for them to end."""

import time
from dataclasses import asdict
from typing import Any

from sealife_core.commands.output import Output
from sealife_core.config import AnyConfig
from sealife_core.runs.costs.estimates import Images
from sealife_core.runs.directory import runs_root
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.forecast import QueueForecast, queue_forecast

POLL_S = 0.5


def run_summary(run: Run) -> dict[str, Any]:
    """The columns of ``runs list`` for one run; a damaged run has its problem as message."""
    from sealife_core.config import task_of
    from sealife_core.errors import SealifeError

    try:
        config = run.request()
        task, data = task_of(config), config.data
    except SealifeError as error:
        return {"id": run.id, "name": "", "task": "", "data": "", "state": "damaged", "message": str(error)}
    shown = run.shown()
    error = run.error()
    message = " ".join([error["what"] if error else shown.message, *_damaged(run, shown.state)])
    return {
        "id": run.id, "name": run.notes().get("name", ""), "task": task, "data": data, "state": str(shown.state),
        "message": message,
    }  # fmt: skip


def waiting_times(asked: AnyConfig | None = None) -> dict[str, QueueForecast]:
    """Run id → when it begins, for the runs in this machine's queue; and for the config ``asked`` under ASKED."""
    return queue_forecast(runs_root(), _dataset, asked=asked)


def _dataset(name: str) -> Images:
    from sealife_core.datasets.dataset import open_dataset  # pandas comes with it, and mostly nothing waits

    return open_dataset(name)


def with_waiting_time(run: Run, forecasts: dict[str, QueueForecast]) -> dict[str, Any]:
    """When a queued run begins; {} for other runs."""
    found = forecasts.get(run.id)
    if found is None:
        return {}
    message = run.shown().message
    return asdict(found) | {"message": f"{message}: {found.says}" if message else found.says}


def _damaged(run: Run, state: State) -> list[str]:
    """A sentence for each damaged file of a run that is not damaged as a whole."""
    return [] if state is State.DAMAGED else run.problems()


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
