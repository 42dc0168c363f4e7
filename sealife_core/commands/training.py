"""``train`` and ``demo``: launch runs. The flags of ``train`` are made from the configs, as the form is."""

import argparse
import signal
from dataclasses import asdict
from typing import Any

from sealife_core.commands.checking import check_launch
from sealife_core.commands.comparing import show_comparison
from sealife_core.commands.following import follow_until_done, waiting_times
from sealife_core.commands.output import Output
from sealife_core.config import (
    SIZES,
    TASKS,
    AnyConfig,
    Setting,
    Task,
    bound,
    describe,
    flat_settings,
    inherited,
    nested,
    parse,
    preset,
    task_of,
)
from sealife_core.datasets.dataset import open_dataset
from sealife_core.demo import ensure_reef, last_demo, launch_demo
from sealife_core.environment import WANDB_SWEEP_ID
from sealife_core.errors import RunError
from sealife_core.runs.directory import create_run
from sealife_core.runs.names import default_name, find_run, find_weights
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.forecast import ASKED
from sealife_core.runs.scheduling.queue import launch, request_stop


def add_commands(commands: Any) -> None:
    """Add this group's commands to the command line."""
    train = commands.add_parser("train", help="launch a run in the background")
    tasks = train.add_subparsers(dest="task", required=True, metavar="TASK")
    for name, task in TASKS.items():
        add_task(tasks, name, task)
    train.set_defaults(run=start)
    add_task(commands, "embed", TASKS["embed"]).set_defaults(run=start, task="embed")

    demo = commands.add_parser("demo", help="on the reef: ImageNet, SimCLR and both, compared in two minutes")
    demo.set_defaults(run=run_demo)


def start(chosen: argparse.Namespace, output: Output) -> int:
    """Launch one run; with ``--follow``, or for the agent of a sweep, wait until it is done."""
    config = config_of(chosen)
    dataset = open_dataset(config.data)
    check_launch(config, output, chosen.tag)
    of_sweep = bool(WANDB_SWEEP_ID.text())  # many runs that differ in settings: each has its id as name
    name = chosen.name or ("" if of_sweep else default_name(chosen.task, config.data))
    run = create_run(config, name=name, tags=chosen.tag, data_hash=dataset.content_hash)
    found = waiting_times(config).get(ASKED)
    launch(run)
    called = run.notes()["name"]
    text = f"Launched '{called}'{f': it {found.says}' if found else ''}. Follow it: python -m sealife_core runs follow"
    output.result({"run": run.id, "name": called} | (asdict(found) if found else {}), f"{text} {run.id}")
    if of_sweep:
        return _follow_for_agent(run, output)
    return follow_until_done([run], output) if chosen.follow else 0


def config_of(chosen: argparse.Namespace, **varied: Any) -> AnyConfig:
    """The config of the flags of a task, overridden by ``varied`` (dotted path → value)."""
    task = TASKS[chosen.task]
    given = given_settings(chosen) | varied
    like = _settings_of(chosen.like, chosen.task) if chosen.like else {}
    if chosen.source:
        source = find_run(chosen.source)
        given = inherited(source.config()) | {"weights": f"run:{source.id}"} | given
    if chosen.recipe:
        from sealife_core.views.recipes import load_recipe

        given = {f"views.{k}": v for k, v in load_recipe(chosen.recipe).model_dump().items()} | given
    return parse(task.config, nested(like | given)) if like else preset(chosen.task, chosen.preset, **nested(given))


def given_settings(chosen: argparse.Namespace) -> dict[str, Any]:
    """Dotted path → value of the settings given as flags; weights of a run by its id. Raises RunError."""
    settings = describe(TASKS[chosen.task].config)
    given = {s.path: value for s in settings if (value := getattr(chosen, s.path)) is not None}
    return given | ({"weights": find_weights(given["weights"])} if "weights" in given else {})


def _follow_for_agent(run: Run, output: Output) -> int:
    """Wait until the run is done. An agent stops a run by ending this process: then the run is stopped."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return follow_until_done([run], output)
    except KeyboardInterrupt:
        request_stop(run)
        raise


def _settings_of(named: str, task: str) -> dict[str, Any]:
    """The settings of a run, to use them again on the data as they are now. Raises RunError."""
    run = find_run(named)
    config = run.config()
    if (its := task_of(config)) != task:
        raise RunError(f"Run '{run.id}' belongs to the task '{its}', not '{task}'. Use '{its}' with --like {run.id}.")
    if run.broken:
        raise RunError(f"Run '{run.id}' was broken on purpose ({run.broken}). Choose another run for --like.")
    return flat_settings(config) | {"data_hash": ""}


def run_demo(chosen: argparse.Namespace, output: Output) -> int:
    """Draw the reef, train the runs of the demo, compare them."""
    from sealife_core.evaluation.comparison.comparison_rows import comparison
    from sealife_core.evaluation.comparison.demo_lesson import lesson
    from sealife_core.evaluation.comparison.report import readable_predictions

    with output.progress() as tell:
        ensure_reef(progress=tell)
    runs = launch_demo()
    failed = follow_until_done(runs, output)
    show_comparison([run.id for run in runs], output)
    tables = readable_predictions(comparison(runs), runs)
    output.say(lesson({key: tables[run.id] for key, run in last_demo(runs[::-1]).items() if run.id in tables}))
    return failed


def add_task(tasks: Any, name: str, task: Task) -> argparse.ArgumentParser:
    """Add the command ``name`` with the flags of ``task``, including those of its config."""
    parser = tasks.add_parser(name, help=task.says, description=task.says)
    parser.add_argument("--preset", choices=SIZES, default="Standard", help="size of the run (default Standard)")
    parser.add_argument(
        "--from",
        dest="source",
        metavar="RUN",
        help="start from the encoder of this run (name or id), with its image size",
    )
    parser.add_argument(
        "--like", metavar="RUN", help="start from the settings of this run (name or id), not from a preset"
    )
    parser.add_argument("--name", default="", help="name of the run (default: task and data set, as on the Train page)")
    parser.add_argument("--tag", action="append", default=[], help="a tag; may be repeated")
    parser.add_argument("--follow", action="store_true", help="wait until the run is done")
    if any(setting.path.startswith("views.") for setting in describe(task.config)):
        parser.add_argument("--recipe", help="view recipe: SimCLR, Mild, Marine, or a saved one")
    else:
        parser.set_defaults(recipe=None)
    groups: dict[str, Any] = {}
    for setting in describe(task.config):
        group = groups.setdefault(setting.group, parser.add_argument_group(setting.group))
        group.add_argument(flag_name(setting.path), **flag(setting))
        if f"--{setting.path}" != flag_name(setting.path):  # the form that the agent of a sweep uses
            group.add_argument(f"--{setting.path}", **flag(setting) | {"help": argparse.SUPPRESS})
    return parser


def flag_name(path: str) -> str:
    """``views.hue`` → ``--views-hue``."""
    return f"--{path.replace('.', '-').replace('_', '-')}"


def whole_number(text: str) -> int:
    """64 from "64" or from "64.0", which the agent of a sweep may write. Raises ValueError."""
    number = float(text)
    if not number.is_integer():
        raise ValueError(text)
    return int(number)


def flag(setting: Setting) -> dict[str, Any]:
    """Arguments of ``add_argument`` for a setting. Ranges are checked by the config, which reports all problems."""
    bounds = [bound(b) if b is not None else "…" for b in (setting.minimum, setting.maximum)]
    span = f" [{bounds[0]} to {bounds[1]}]" if bounds != ["…", "…"] else ""
    unit = f" ({setting.unit})" if setting.unit else ""
    help_text = f"{setting.says}{unit}{span}".replace("%", "%%")
    kind = {int: whole_number, float: float}.get(setting.type, str)
    metavar = {int: "INT", float: "FLOAT", bool: "TRUE|FALSE"}.get(setting.type, "STR")
    choices = {"choices": setting.choices} if setting.choices else {"metavar": metavar}
    return {"dest": setting.path, "type": kind, "default": None, "help": help_text, **choices}
