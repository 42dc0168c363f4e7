"""``sweep``: a search over settings as a sweep file of Weights & Biases, whose agents then call ``train``."""

import argparse
from pathlib import Path
from typing import Any

from sealife_core.commands.output import Output, at_least, destination, write_file
from sealife_core.commands.training import add_task, config_of, flag_name, given_settings, whole_number
from sealife_core.commands.varying import add_vary, read_axes, values_of
from sealife_core.config import TASKS, Axis, ClassifierConfig, Setting, describe
from sealife_core.config.search import range_problems
from sealife_core.errors import ConfigError
from sealife_core.runs.names import find_run

METHODS = ("bayes", "random", "grid")


def add_commands(commands: Any) -> None:
    """Add this group's commands to the command line."""
    says = "write a sweep file for Weights & Biases; 'wandb agent' then launches its runs one by one"
    sweep = commands.add_parser("sweep", help=says, description=says)
    tasks = sweep.add_subparsers(dest="task", required=True, metavar="TASK")
    for name, task in TASKS.items():
        parser = add_task(tasks, name, task)
        add_vary(parser)
        parser.add_argument("--method", choices=METHODS, default="bayes", help="how values are chosen (default bayes)")
        parser.add_argument("--metric", help="what to optimise (default: the score on validation)")
        parser.add_argument(
            "--goal", choices=("maximize", "minimize"), help="default: minimize for a loss, else maximize"
        )
        parser.add_argument("--runs", type=whole_number, metavar="INT", help="stop after this many runs")
        parser.add_argument("--file", type=Path, default=Path("sweep.yaml"), help="default: sweep.yaml")
    sweep.set_defaults(run=write_sweep)


def write_sweep(chosen: argparse.Namespace, output: Output) -> None:
    """Write the file and say what to do with it. Raises ConfigError with every problem of ``--vary``."""
    import yaml

    if chosen.runs is not None:
        at_least(1, "--runs", chosen.runs)
    sweep = sweep_of(chosen)
    write_file(destination(chosen.file, "--file"), yaml.safe_dump(sweep, sort_keys=False, allow_unicode=True), "--file")
    output.result(
        {"file": str(chosen.file), "sweep": sweep},
        f"Wrote {chosen.file}. Register it with 'wandb sweep {chosen.file}'. That prints the 'wandb agent' command:"
        " run it on any machine that has the data set.",
    )


def sweep_of(chosen: argparse.Namespace) -> dict[str, Any]:
    """The sweep in the format of Weights & Biases. Raises ConfigError with every problem of ``--vary``."""
    config = config_of(chosen)
    settings = {setting.path: setting for setting in describe(type(config).family())}
    axes, problems = read_axes(chosen.vary, type(config).family())
    parameters: dict[str, Any] = {}
    for axis in axes:
        try:
            parameters[axis.path] = _parameter(axis, settings[axis.path], chosen)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    metric = chosen.metric or ("val/macro_f1" if isinstance(config, ClassifierConfig) else "val/knn_accuracy")
    goal = chosen.goal or ("minimize" if "loss" in metric else "maximize")
    command = ["${env}", "${interpreter}", "-m", "sealife_core", "train", chosen.task, "--follow"]
    return {
        "project": config.wandb_project,
        "method": chosen.method,
        "metric": {"name": metric, "goal": goal},
        **({"run_cap": chosen.runs} if chosen.runs is not None else {}),
        "parameters": parameters,
        "command": [*command, *_fixed(chosen), "${args}"],
    }


def _parameter(axis: Axis, setting: Setting, chosen: argparse.Namespace) -> dict[str, Any]:
    """One axis as a parameter of a sweep. Raises ConfigError where a run could not have its values."""
    if not axis.choices and (problems := range_problems(axis, setting)):
        raise ConfigError(problems)
    listed = bool(axis.choices or axis.step or chosen.method == "grid")
    values = values_of(axis, setting) if listed else [setting.type(end) for end in (axis.low, axis.high)]
    for value in values:
        config_of(chosen, **{axis.path: value})
    if listed:
        return {"values": values}
    if setting.type is int:
        kind = {"distribution": "q_log_uniform_values", "q": 1} if axis.log else {"distribution": "int_uniform"}
    else:
        kind = {"distribution": "log_uniform_values" if axis.log else "uniform"}
    return kind | {"min": values[0], "max": values[1]}


def _fixed(chosen: argparse.Namespace) -> list[str]:
    """The flags of every run of the sweep."""
    flags = [f"--preset={chosen.preset}"]
    # By id: agents start later, when another run may have the same name.
    runs = {key: find_run(named).id for key, named in (("from", chosen.source), ("like", chosen.like)) if named}
    others = runs | {"recipe": chosen.recipe, "name": chosen.name}
    flags += [f"--{name}={value}" for name, value in others.items() if value]
    flags += [f"--tag={tag}" for tag in chosen.tag]
    return flags + [f"{flag_name(path)}={value}" for path, value in given_settings(chosen).items()]
