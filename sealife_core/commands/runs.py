"""``runs`` and ``compare``: what was launched, from a shell."""

import argparse
import time
from typing import Any

from sealife_core.commands.comparing import show_comparison
from sealife_core.commands.output import Output
from sealife_core.runs import queue
from sealife_core.runs.directory import Run, list_runs, open_run

POLL_S = 0.5
ACTIONS = ("list", "show", "follow", "stop", "resume", "rename", "delete", "restore")


def add_commands(commands: Any) -> None:
    """Add this group's commands to the command line."""
    runs = commands.add_parser("runs", help="list, show, follow, stop, resume, rename, delete or restore runs")
    runs.add_argument("action", choices=ACTIONS)
    runs.add_argument("ids", nargs="*", metavar="RUN", help="one or more run ids")
    runs.add_argument("--name", default="", help="for rename: the new name")
    runs.set_defaults(run=manage)

    compare = commands.add_parser(
        "compare", help="test accuracies side by side, with 95 %% intervals; of two runs also image by image"
    )
    compare.add_argument("ids", nargs="*", metavar="RUN", help="runs to compare (default: all finished ones)")
    compare.add_argument("--html", metavar="FILE", help="write the whole comparison as one HTML file")
    compare.add_argument(
        "--pictures", type=int, default=0, metavar="N", help="with --html: at most N pictures of each pile (default: 0)"
    )
    compare.set_defaults(run=lambda chosen, output: show_comparison(chosen.ids, output, chosen.html, chosen.pictures))


def manage(chosen: argparse.Namespace, output: Output) -> int:
    """The actions of ``runs``."""
    from sealife_core.errors import RunError

    if chosen.action == "list":
        columns = {"id": "run", "name": "name", "task": "task", "data": "data", "state": "state", "message": "message"}
        output.table([summary(run) for run in list_runs()], columns, empty="No runs yet. Launch one: train simclr")
        return 0
    if not chosen.ids:
        raise RunError(f"'runs {chosen.action}' needs the id of a run; 'runs list' names them.")
    if chosen.action == "follow":
        return follow_until_done([open_run(i) for i in chosen.ids], output)
    done = [_act(chosen, run_id, output) for run_id in chosen.ids]
    if output.as_json:
        output.result(done)
    return 0


def _act(chosen: argparse.Namespace, run_id: str, output: Output) -> dict[str, Any]:
    if chosen.action == "restore":
        run = queue.restore(run_id)
        return _said(output, run_id, f"{run_id} is back.", state=run.state())
    run = open_run(run_id)
    if chosen.action == "show":
        return _shown(run, output)
    if chosen.action == "stop":
        queue.request_stop(run)
        return _said(output, run_id, f"{run_id} will stop after its current batch and save what it learned.")
    if chosen.action == "resume":
        queue.resume(run)
        return _said(output, run_id, f"{run_id} is queued to go on.")
    if chosen.action == "rename":
        run.write_notes(name=chosen.name)
        return _said(output, run_id, f"{run_id} is now called '{chosen.name}'.")
    freed = queue.delete(run)
    text = f"{run_id} is in the trash ({freed / 1e6:.1f} MB); 'runs restore {run_id}' undoes it."
    return _said(output, run_id, text, freed_bytes=freed)


def _said(output: Output, run_id: str, text: str, **more: Any) -> dict[str, Any]:
    if not output.as_json:
        output.result(None, text)
    return {"id": run_id, "said": text, **more}


def summary(run: Run) -> dict[str, Any]:
    """A run in one line."""
    from sealife_core.config import task_of
    from sealife_core.errors import SealifeError

    try:
        config = run.config()
        task, data = task_of(config), config.data
    except SealifeError as error:
        return {"id": run.id, "name": "", "task": "", "data": "", "state": "damaged", "message": str(error)}
    shown = run.shown()
    error = run.error()
    message = error["what"] if error else shown.message
    return {
        "id": run.id, "name": run.notes().get("name", ""), "task": task, "data": data, "state": str(shown.state),
        "message": message,
    }  # fmt: skip


def _shown(run: Run, output: Output) -> dict[str, Any]:
    whole = summary(run) | {"folder": str(run.path), "status": run.status(), "results": run.results()}
    whole["config"] = run.config().model_dump()
    last = next((m for m in reversed(run.metrics()) if "train/loss" in m), None)
    whole["last_metrics"] = last
    if not output.as_json:
        settings = ", ".join(f"{k}={v}" for k, v in whole["config"].items() if k != "views")
        lines = [f"{run.id}  {whole['state']}  {whole['message']}", f"settings: {settings}", f"folder: {run.path}"]
        if last:
            lines.append(f"last: step {last['step']}, loss {last['train/loss']:.4f}")
        lines += [f"warning: {w}" for w in run.status().get("warnings", [])]
        output.result(None, "\n".join(lines))
    return whole


def follow_until_done(runs: list[Run], output: Output) -> int:
    """Say every change of stage until all ``runs`` have ended. Returns 1 if one did not finish, else 0."""
    said: dict[str, str] = {}
    waiting = list(runs)
    while waiting:
        for run in list(waiting):
            now = summary(run)
            line = f"{run.id}  {now['state']}  {now['message']}"
            if said.get(run.id) != line:
                output.say(line)
                said[run.id] = line
            if now["state"] in ("finished", "stopped", "failed", "interrupted", "damaged"):
                waiting.remove(run)
        time.sleep(POLL_S)
    return int(any(str(run.state()) != "finished" for run in runs))
