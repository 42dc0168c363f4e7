"""``sweep``: a search over settings as a file that Weights & Biases knows; its agents then call ``train``."""

import argparse
from pathlib import Path
from typing import Any

from sealife_core.commands.output import Output, destination, write_file
from sealife_core.commands.training import add_task, config_of, flag_name, given_settings, whole_number
from sealife_core.config import TASKS, ClassifierConfig, Setting, describe
from sealife_core.errors import ConfigError
from sealife_core.runs.names import find_run, find_weights

METHODS = ("bayes", "random", "grid")
VARY = "FIELD=A,B,…, FIELD=LOW:HIGH or FIELD=LOW:HIGH:log"


def add_commands(commands: Any) -> None:
    """Add this group's commands to the command line."""
    says = "write a sweep file for Weights & Biases; 'wandb agent' then launches its runs one by one"
    sweep = commands.add_parser("sweep", help=says, description=says)
    tasks = sweep.add_subparsers(dest="task", required=True, metavar="TASK")
    for name, task in TASKS.items():
        parser = add_task(tasks, name, task)
        parser.add_argument(
            "--vary", action="append", required=True, metavar="FIELD=…", help=f"{VARY}; may be repeated"
        )
        parser.add_argument("--method", choices=METHODS, default="bayes", help="how values are chosen (default bayes)")
        parser.add_argument("--metric", help="what to optimise (default: the score on validation)")
        parser.add_argument(
            "--goal", choices=("maximize", "minimize"), help="default: minimize for a loss, else maximize"
        )
        parser.add_argument("--runs", type=whole_number, metavar="INT", help="stop after this many runs")
        parser.add_argument("--file", type=Path, default=Path("sweep.yaml"), help="default: sweep.yaml")
        parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    sweep.set_defaults(run=write_sweep)


def write_sweep(chosen: argparse.Namespace, output: Output) -> int:
    """Write the file and say what to do with it. Raises ConfigError with every problem of ``--vary``."""
    import yaml

    sweep = sweep_of(chosen)
    write_file(destination(chosen.file, "--file"), yaml.safe_dump(sweep, sort_keys=False, allow_unicode=True), "--file")
    output.result(
        {"file": str(chosen.file), "sweep": sweep},
        f"Wrote {chosen.file}. Register it with 'wandb sweep {chosen.file}'. That prints the 'wandb agent' command:"
        " run it on any machine that has the data set.",
    )
    return 0


def sweep_of(chosen: argparse.Namespace) -> dict[str, Any]:
    """The sweep, as Weights & Biases wants it told."""
    config = config_of(chosen)
    settings = {setting.path: setting for setting in describe(type(config).family())}
    parameters: dict[str, Any] = {}
    problems: list[str] = []
    for said in chosen.vary:
        try:
            path, parameter, tried = _parameter(said, settings, chosen.method)
            for value in tried:
                config_of(chosen, **{path: value})
            parameters[path] = parameter
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
        **({"run_cap": chosen.runs} if chosen.runs else {}),
        "parameters": parameters,
        "command": [*command, *_fixed(chosen), "${args}"],
    }


def _parameter(said: str, settings: dict[str, Setting], method: str) -> tuple[str, dict[str, Any], list[Any]]:
    """(path, what W&B is told of it, the values to try it with) of ``temperature=0.05:1:log``. Raises ConfigError."""
    name, equals, values = said.partition("=")
    path = name.strip().replace("-", "_")
    if not equals or not values:
        raise ConfigError([f"--vary got {said!r}; expected {VARY}."])
    if path not in settings:
        raise ConfigError([f"There is no setting '{path}' to vary. Choose one of {', '.join(settings)}."])
    setting = settings[path]
    ends = values.split(":")
    if setting.type not in (int, float) or len(ends) == 1:
        tried = [_value(setting, text) for text in values.split(",")]
        return path, {"values": tried}, tried
    if len(ends) not in (2, 3) or ends[2:] not in ([], ["log"]):
        raise ConfigError([f"--vary got {said!r}; expected {VARY}."])
    low, high = (_value(setting, text) for text in ends[:2])
    is_log = len(ends) == 3
    if not low < high or (is_log and low <= 0):
        above = ", and above 0 for a logarithmic range" if is_log else ""
        raise ConfigError([f"--vary got {said!r}; expected the lower end first{above}."])
    if method == "grid":
        raise ConfigError([f"A grid needs single values of '{path}'; got the range {values}. Write {path}=A,B,…, or use"
                           " --method bayes."])  # fmt: skip
    if setting.type is int:
        kind = {"distribution": "q_log_uniform_values", "q": 1} if is_log else {"distribution": "int_uniform"}
    else:
        kind = {"distribution": "log_uniform_values" if is_log else "uniform"}
    return path, kind | {"min": low, "max": high}, [low, high]


def _value(setting: Setting, text: str) -> Any:
    """``text`` as a value of the setting. Raises ConfigError."""
    text = text.strip()
    if setting.path == "weights":
        return find_weights(text)
    try:
        if setting.type is bool:
            return {"true": True, "false": False}[text.lower()]
        return {int: whole_number, float: float}.get(setting.type, str)(text)
    except (ValueError, KeyError):
        kind = {int: "a whole number", float: "a number", bool: "true or false"}[setting.type]
        raise ConfigError([f"--vary of '{setting.path}' got {text!r}; expected {kind}."]) from None


def _fixed(chosen: argparse.Namespace) -> list[str]:
    """The flags that every run of the sweep is given."""
    flags = [f"--preset={chosen.preset}"]
    # By id: the agents start later, when another run may have the same name.
    runs = {key: find_run(named).id for key, named in (("from", chosen.source), ("like", chosen.like)) if named}
    others = runs | {"recipe": chosen.recipe, "name": chosen.name}
    flags += [f"--{name}={value}" for name, value in others.items() if value]
    flags += [f"--tag={tag}" for tag in chosen.tag]
    return flags + [f"{flag_name(path)}={value}" for path, value in given_settings(chosen).items()]
