"""``classify``: from photographs to a first model in one command."""

import argparse
import time
from pathlib import Path
from shlex import quote
from typing import Any

from sealife_core.commands.checking import check_launch
from sealife_core.commands.output import Output
from sealife_core.commands.training import flag, flag_name
from sealife_core.config import SIZES, TASKS, describe, preset
from sealife_core.datasets.dataset import list_datasets, open_dataset
from sealife_core.errors import DatasetError
from sealife_core.folders import path_of
from sealife_core.neutral import terminal_text
from sealife_core.runs.directory import create_run
from sealife_core.runs.names import default_name
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.queue import launch
from sealife_core.wording import percent

TASK = "classify"
POLL_S = 0.2
# The settings of a first model; `train classify` has all of them.
OFFERED = ("encoder", "image_size_px", "label_fraction", "seed", "weight_decay", "device", "threads", "where")


def add_commands(commands: Any) -> None:
    """Add this group's commands to the command line."""
    says = "train a first model on a data set or on photographs, in about a minute, and say how good it is"
    parser = commands.add_parser(TASK, help=says, description=TASKS[TASK].says)
    parser.add_argument("source", help="a data set, or a folder, zip or CSV, which is imported first")
    parser.add_argument("--name", help="name of the data set that is imported (default: the name of the source)")
    parser.add_argument("--preset", choices=SIZES, default="Standard", help="size of the run (default Standard)")
    for setting in describe(TASKS[TASK].config):
        if setting.path in OFFERED:
            parser.add_argument(flag_name(setting.path), **flag(setting))
    parser.set_defaults(run=classify)


def classify(chosen: argparse.Namespace, output: Output) -> int:
    """Import the pictures unless they are a data set, launch, wait, print the result. Returns 1 if the run failed."""
    data = _data(chosen, output)
    given = {path: value for path in OFFERED if (value := getattr(chosen, path)) is not None}
    config = preset(TASK, chosen.preset, data=data, **given)
    check_launch(config, output)
    run = create_run(config, name=default_name(TASK, data), data_hash=open_dataset(data).content_hash)
    began = time.monotonic()
    launch(run)
    _follow(run, output)
    results = run.results() or {}
    if str(run.state()) != "finished":
        problem = run.error() or {"what": f"The run was {run.state()}.", "next": ""}
        output.problem(f"{run.id}: {problem['what']} {problem['next']}".strip())
        return 1
    _print_result(run, data, results, time.monotonic() - began, output)
    return 0


def _data(chosen: argparse.Namespace, output: Output) -> str:
    """The name of the data set, which is imported from the path if it does not exist. Raises DatasetError."""
    from sealife_core.datasets.imports.importing import import_images
    from sealife_core.datasets.imports.sources import name_of

    known = list_datasets()
    if chosen.source in known:
        return chosen.source
    source = path_of(Path(chosen.source))
    if not source.exists():
        there = f" You have: {', '.join(known)}." if known else ""
        raise DatasetError(
            f"There is no data set '{chosen.source}', and no folder, zip or CSV of that path. Give the name of a data"
            f" set or the path of photographs.{there}"
        )
    size_px = chosen.image_size_px or preset(TASK, chosen.preset).image_size_px
    with output.progress() as tell:
        report = import_images(source, chosen.name or name_of(source), image_size_px=size_px, progress=tell)
    skipped = f", {len(report.skipped):,} files skipped" if report.skipped else ""
    output.say(f"{report.imported:,} images imported as '{report.dataset.name}'{skipped}.")
    return report.dataset.name


def _follow(run: Run, output: Output) -> None:
    """Wait for the end of the run, with a bar for each stage that counts images and a line for each other stage."""
    told = ""
    with output.progress() as tell:
        while run.state().active:
            status = run.status()
            stage, total = str(status.get("stage") or ""), status.get("total")
            if total:
                tell(stage, status.get("done") or 0, total)
            elif stage and stage != told:
                output.say(terminal_text(stage))
                told = stage
            time.sleep(POLL_S)


def _print_result(run: Run, data: str, results: dict[str, Any], took_s: float, output: Output) -> None:
    """Print the test accuracy with its interval, the worst confusions and the next steps."""
    from sealife_core.evaluation.classification.score_words import penalty_words, worst_confusions

    split = "test" if results.get("test") else "val"
    scored = results.get(split) or {}
    confusions = worst_confusions(scored)
    next_steps = {
        "predict": f"python -m sealife_core predict {run.id} PICTURES",
        "better in 20 minutes": f"python -m sealife_core train transfer --data {quote(data)} --follow",
        "pictures": "make run, then Gallery",
    }
    found = {
        "run": run.id, "data": data, "seconds": round(took_s, 1), "split": split,
        **{key: scored.get(key) for key in ("n", "accuracy", "accuracy_low", "accuracy_high", "macro_f1", "chance")},
        "penalty": results.get("penalty"), "penalties": results.get("penalties"),
        "confusions": [vars(one) for one in confusions], "next": next_steps,
    }  # fmt: skip
    output.result(found, "\n".join(_lines(run, found, penalty_words(results), [one.says for one in confusions])))


def _lines(run: Run, found: dict[str, Any], penalty: str, confused: list[str]) -> list[str]:
    images = {"test": "test images", "val": "validation images (there are no test images)"}[found["split"]]
    lines = [f"{run.id}: 'Name my animals' on {found['data']}, {found['seconds']:.0f} s"]
    if found["n"]:
        lines.append(
            f"{percent(found['accuracy'])} of {found['n']:,} {images} are classified correctly (95 % interval"
            f" {percent(found['accuracy_low'])} to {percent(found['accuracy_high'])}; chance"
            f" {percent(found['chance'])})."
        )
    else:
        lines.append("There are no labelled test or validation images, so nothing says how good it is.")
    lines += [penalty] if penalty else []
    lines += ["Most frequent confusions:", *(f"  {said}" for said in confused)] if confused else []
    return [*lines, "Next:", *(f"  {what}: {command}" for what, command in found["next"].items())]
