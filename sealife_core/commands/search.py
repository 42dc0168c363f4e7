"""``search``: launch a search for good settings, and show its results."""

import argparse
from contextlib import suppress
from typing import Any

from sealife_core.commands.checking import check_launch
from sealife_core.commands.following import follow_or_hint
from sealife_core.commands.output import Output, destination, write_file
from sealife_core.commands.training import add_task, config_of
from sealife_core.commands.varying import add_vary, varied
from sealife_core.config import TASKS, EmbedConfig, SimclrConfig, build_search, task_of
from sealife_core.datasets.dataset import open_dataset
from sealife_core.errors import SealifeError
from sealife_core.neutral import csv_of
from sealife_core.runs.directory import create_run
from sealife_core.runs.names import find_run
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.queue import launch
from sealife_core.wording import counted, percent


def add_commands(commands: Any) -> None:
    """Add this group's commands to the command line."""
    says = "search for good settings: many trials that learn from the validation scores of earlier trials"
    search = commands.add_parser("search", help=says, description=says)
    tasks = search.add_subparsers(dest="task", required=True, metavar="TASK")
    for name, task in TASKS.items():
        if task.config is EmbedConfig:  # it does not train
            continue
        parser = add_task(tasks, name, task)
        add_vary(parser)
        parser.add_argument("--trials", type=int, default=20, metavar="N", help="how many trials (default 20)")
        parser.add_argument("--metric", default="", help="validation score that ranks the trials (default: by task)")
        parser.add_argument(
            "--no-pruning", action="store_true", help="let every trial finish, even if it is clearly worse"
        )
        parser.add_argument(
            "--parallel", type=int, default=0, metavar="N", help="trials at a time (default: one per device)"
        )
        parser.set_defaults(run=start)
    show = tasks.add_parser("show", help="show the best trial, all trials, and which settings mattered")
    show.add_argument("id", metavar="SEARCH", help="name or id of the search")
    show.add_argument("--csv", metavar="FILE", help="write the table of all trials to this file")
    show.set_defaults(run=lambda chosen, output: _show(find_run(chosen.id), output, chosen.csv))


def start(chosen: argparse.Namespace, output: Output) -> int:
    """Launch a search; with ``--follow``, wait until it is done, then show it."""
    base = config_of(chosen)
    assert not isinstance(base, EmbedConfig)
    axes = varied(chosen.vary, type(base).family())
    base = base.model_copy(update={"data_hash": open_dataset(base.data).content_hash})
    search = build_search(
        base, axes, title=chosen.name, trials=chosen.trials, metric=chosen.metric, pruning=not chosen.no_pruning,
        parallel=chosen.parallel,
    )  # fmt: skip
    check_launch(search, output, chosen.tag)
    run = create_run(search, name=search.title, tags=chosen.tag)
    launch(run)
    trials = "; ".join(f"{axis.path} {axis.says}" for axis in axes)
    output.say(f"{counted(search.trials, 'trial')} of {TASKS[chosen.task].title}, ranked by {search.metric}: {trials}.")
    if isinstance(search.base, SimclrConfig) and search.base != base:
        every = counted(search.base.monitor_every, "epoch")
        output.say(f"k-NN accuracy is measured every {every}, so that poor trials can be stopped early.")
    return follow_or_hint(run, output, follow=chosen.follow, kind="search", show=_show)


def _show(run: Run, output: Output, csv: str | None = None) -> None:
    from sealife_core.studies.search_results import (
        best_trial,
        compared_at,
        importance,
        said,
        search_of,
        to_frame,
        trials_of,
    )

    search, trials = search_of(run), trials_of(run)
    best, weights = best_trial(trials), importance(search, trials)
    for sentence in run.problems():
        output.say(sentence)
    if csv:
        write_file(destination(csv, "--csv"), csv_of(to_frame(run)), "--csv")
    if output.as_json:
        found = {
            "search": run.id, "state": str(run.state()), "metric": search.metric, "asked": search.trials,
            "best": vars(best) if best else None, "importance": weights, "trials": [vars(t) for t in trials],
        }  # fmt: skip
        output.result(found)
        return
    rows = [
        {path: said(value) for path, value in trial.values.items()}
        | {"trial": trial.number, "score": percent(trial.value)}
        | {"state": trial.state + (f", {trial.why}" if trial.why else ""), "epochs": trial.epochs, "run": trial.run_id}
        for trial in trials
    ]
    heads = ("trial", *(axis.path for axis in search.axes), "score", "epochs", "state", "run")
    output.table(rows, {head: head for head in heads}, empty="No trials yet.")
    if weights:
        epoch = compared_at(trials)
        at = f" after epoch {epoch}" if epoch else ""
        shares = ", ".join(f"{path} {percent(share, 0)}" for path, share in weights.items())
        output.result(None, f"How much each setting changed the score{at}: {shares}.")
    if best is not None:
        task, config = task_of(search.base), search.base
        with suppress(SealifeError):  # its run may be deleted
            config = find_run(best.run_id).config()
        minutes, epochs = (getattr(config, name, 0) for name in ("minutes", "epochs"))
        longer = f"--minutes {3 * minutes:g}" if minutes else f"--epochs {3 * epochs}"
        output.result(
            None,
            f"Best: {best.name}, {search.metric} {percent(best.value)} on validation. It is the best of"
            f" {counted(len(trials), 'trial')}, so expect a lower score on new pictures.\nTo train it for longer:"
            f" python -m sealife_core train {task} --like {best.run_id} {longer}",
        )
