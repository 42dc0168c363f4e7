"""``runs``: list, show and manage runs."""

import argparse
from dataclasses import asdict
from typing import Any

from sealife_core.commands.following import follow_until_done, run_summary, waiting_times
from sealife_core.commands.output import Output
from sealife_core.config import marked
from sealife_core.datasets.corrections.versions import seen
from sealife_core.datasets.dataset import open_dataset
from sealife_core.errors import RunError, SealifeError
from sealife_core.evaluation.embeddings.kept_epoch import kept_words
from sealife_core.launching.data_checks import refuse_resume
from sealife_core.runs import deletion
from sealife_core.runs.directory import list_runs, parts_of
from sealife_core.runs.names import find_run, find_trashed
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling import queue
from sealife_core.runs.scheduling.queue_order import move_up
from sealife_core.runs.tracking_links import tracking_links
from sealife_core.wording import counted, size

ACTIONS = (
    "list", "show", "follow", "stop", "resume", "move-up", "rename", "note", "delete", "restore", "trash",
    "empty-trash",
)  # fmt: skip


def add_commands(commands: Any) -> None:
    """Add this group's commands to the command line."""
    runs = commands.add_parser(
        "runs",
        help="list, show, follow, stop, resume, move up, rename, note, delete or restore runs; list or empty the trash",
    )
    runs.add_argument("action", choices=ACTIONS)
    runs.add_argument("ids", nargs="*", metavar="RUN", help="one or more runs, by name or id")
    runs.add_argument("--front", action="store_true", help="for move-up: to the front of the queue, not only one place")
    runs.add_argument("--name", help="for rename and note: the new name; '' sets it back to the run's id")
    runs.add_argument(
        "--tag", action="append", metavar="TAG", help="for note: a tag; may be repeated; '' removes all tags"
    )
    runs.add_argument("--notes", help="for note: your notes, such as what was tried and why")
    runs.add_argument(
        "--with-parts",
        dest="parts",
        action="store_true",
        default=None,
        help="for delete: delete the runs of a study too",
    )
    runs.add_argument(
        "--keep-parts", dest="parts", action="store_false", help="for delete: delete a study but keep its runs"
    )
    runs.add_argument(
        "--anew", action="store_true", help="for resume: start from the beginning; what the run has learned is lost"
    )
    runs.add_argument(
        "--yes", action="store_true", help="for empty-trash: do it; without --yes, the trash is only listed"
    )
    runs.set_defaults(run=manage)


def manage(chosen: argparse.Namespace, output: Output) -> int:
    """The actions of ``runs``."""
    if chosen.action == "list":
        columns = {"id": "run", "name": "name", "task": "task", "data": "data", "state": "state", "message": "message"}
        forecasts = waiting_times()
        rows = [run_summary(run, forecasts) for run in list_runs()]
        output.table(rows, columns, empty="No runs yet. Launch one: train simclr")
        return 0
    if chosen.action == "trash":
        columns = {"id": "run", "name": "name", "size": "size"}
        output.table(_trashed(), columns, empty="The trash is empty.")
        return 0
    if chosen.action == "empty-trash":
        _empty_trash(chosen, output)
        return 0
    if not chosen.ids:
        raise RunError(f"'runs {chosen.action}' needs the name or id of a run; 'runs list' shows both.")
    if chosen.action == "follow":
        return follow_until_done([find_run(named) for named in chosen.ids], output)
    if chosen.action == "rename" and chosen.name is None:
        raise RunError("'runs rename' needs --name; with --name '' the name is the run's id again.")
    if chosen.action == "restore":
        done = [_restored(find_trashed(named), output) for named in chosen.ids]
    else:  # every name is looked up before anything is done
        done = [_act(chosen, run, output) for run in [find_run(named) for named in chosen.ids]]
    if output.as_json:
        output.result(done)
    return 0


def _restored(run_id: str, output: Output) -> dict[str, Any]:
    run = deletion.restore_with_parts(run_id)
    return _said(output, run.id, f"{run.id} was restored.", state=run.state())


def _act(chosen: argparse.Namespace, run: Run, output: Output) -> dict[str, Any]:
    run_id = run.id
    if chosen.action == "show":
        return _shown(run, output)
    if chosen.action == "stop":
        return _said(output, run_id, f"{run_id} {queue.request_stop(run)}.")
    if chosen.action == "move-up":
        move_up(run, to_front=chosen.front)
        found = waiting_times().get(run_id)
        return _said(output, run_id, f"{run_id} was moved up{f': it {found.says}' if found else ''}.")
    if chosen.action == "resume":
        refuse_resume(run)
        queue.resume(run, anew=chosen.anew)
        next_step = "start from the beginning" if chosen.anew else "continue"
        return _said(output, run_id, f"{run_id} is queued to {next_step}.")
    if chosen.action == "rename":
        name = run.write_notes(name=chosen.name)["name"]
        return _said(output, run_id, f"{run_id} is now called '{name}'.")
    if chosen.action == "note":
        return _noted(chosen, run, output)
    freed, kept = _deleted(chosen, run)
    text = f"{run_id} is in the trash ({size(freed)}); 'runs restore {run_id}' undoes it."
    if kept:
        text += f" These runs were kept, because other runs need their weights: {', '.join(kept)}."
    return _said(output, run_id, text, freed_bytes=freed)


def _deleted(chosen: argparse.Namespace, run: Run) -> tuple[int, list[str]]:
    """(Bytes freed, runs of a study that were kept). Raises RunError for a study without --with- or --keep-parts."""
    parts = parts_of(run) if run.launches_runs else []
    if parts and chosen.parts is None:
        raise RunError(
            f"'{run.id}' has {counted(len(parts), 'run')} of its own. Choose what to do with them: --with-parts deletes"
            " them too, --keep-parts keeps them."
        )
    return deletion.delete_with_parts(run) if parts and chosen.parts else (deletion.delete(run), [])


def _noted(chosen: argparse.Namespace, run: Run, output: Output) -> dict[str, Any]:
    """Change the name, tags and notes that are given; print all three."""
    tags = None if chosen.tag is None else [tag.strip() for tag in chosen.tag if tag.strip()]
    name = None if chosen.name is None else chosen.name.strip()
    held = run.write_notes(name=name, tags=tags, notes=chosen.notes)
    text = f"{run.id}: '{held['name']}', tags: {', '.join(held['tags']) or 'none'}, notes: {held['notes'] or 'none'}"
    return _said(output, run.id, text, **held)


def _trashed() -> list[dict[str, Any]]:
    """The runs in the trash, newest first."""
    return [
        {"id": run.id, "name": run.notes()["name"], "bytes": run.size_bytes, "size": size(run.size_bytes)}
        for run in deletion.trashed_runs()
    ]


def _empty_trash(chosen: argparse.Namespace, output: Output) -> None:
    """Empty the trash. Raises RunError without ``--yes``, because this cannot be undone."""
    held = _trashed()
    freed = sum(row["bytes"] for row in held)
    ids = [row["id"] for row in held]
    if held and not chosen.yes:
        raise RunError(
            f"The trash holds {', '.join(ids)} ({size(freed)}). Emptying it cannot be undone. Add --yes to do it."
        )
    freed = deletion.empty_trash()
    many = counted(len(ids), "run was", "runs were")
    text = f"{many} deleted for good; {size(freed)} freed." if ids else "The trash was already empty."
    output.result({"removed": ids, "freed_bytes": freed}, text)


def _said(output: Output, run_id: str, text: str, **more: Any) -> dict[str, Any]:
    if not output.as_json:
        output.result(None, text)
    return {"id": run_id, "said": text, **more}


def _version(run: Run) -> str:
    """Which version of its data set the run saw, and what was corrected since; "" where that is not known."""
    request = run.request()
    try:
        found = seen(open_dataset(request.data), request.data_hash) if request.data_hash else None
    except SealifeError:
        return ""
    return f"{found.said}. {found.since}".strip() if found else ""


def _shown(run: Run, output: Output) -> dict[str, Any]:
    config = run.request().model_dump()
    last = next((m for m in reversed(run.metrics()) if m.get("train/loss") is not None), None)
    recorded, record = tracking_links(run), run.process() or {}
    whole = run_summary(run, waiting_times()) | {
        "folder": str(run.path), "status": run.status(), "results": run.results(), "config": config,
        "last_metrics": last, "recorded": [asdict(place) for place in recorded],
        "device": record.get("device", ""), "cluster": record.get("cluster", ""),
    }  # fmt: skip
    if not output.as_json:
        settings = ", ".join(f"{k}={v}" for k, v in config.items() if k not in ("views", "parts"))
        first = f"{marked(run.id, run.broken)}  {whole['state']}  {whole['message']}"
        lines = [first, f"settings: {settings}", f"folder: {run.path}"]
        lines += [f"data: {said}"] if (said := _version(run)) else []
        if whole["device"]:
            lines.append(f"device: {whole['device'].replace(',', ', ')}")
        if whole["cluster"]:
            lines.append(f"cluster: {whole['cluster']}, machine {record.get('host', 'not known yet')}")
        if last:
            lines.append(f"last: step {last.get('step', 'unknown')}, loss {last['train/loss']:.4f}")
        lines += [said] if (said := kept_words(whole["results"] or {})) else []
        lines += [f"{place.name}: {place.says}: {place.url or place.command}" for place in recorded]
        lines += [f"warning: {w}" for w in run.status().get("warnings") or []]
        output.result(None, "\n".join(lines))
    return whole
