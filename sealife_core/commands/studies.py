"""``study``: launch many runs that answer one question, and show the answer."""

import argparse
from typing import Any

from sealife_core.commands.checking import check_launch
from sealife_core.commands.following import follow_or_hint, run_summary
from sealife_core.commands.output import Output, destination, write_file
from sealife_core.commands.training import flag, flag_name
from sealife_core.commands.varying import add_vary, read_axes, read_value, values_of
from sealife_core.config import SIZES, TASKS, SimclrConfig, StudyConfig, describe
from sealife_core.datasets.dataset import open_dataset
from sealife_core.errors import ConfigError
from sealife_core.neutral import csv_of
from sealife_core.runs.directory import create_run, list_studies
from sealife_core.runs.names import find_run
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.queue import launch
from sealife_core.studies.grid import build_grid
from sealife_core.studies.helps import HELPS, encoders_here, largest_class
from sealife_core.studies.questions import QUESTIONS, build_study, encoders_of, usual_seeds
from sealife_core.studies.study_cost import study_cost
from sealife_core.studies.study_settings import FULL, QUICK, STUDY_SIZES
from sealife_core.wording import counted, duration, percent, size

PLACE = ("where", "cluster_cores")  # settings that all runs of a study share


def add_commands(commands: Any) -> None:
    """Add this group's commands to the command line."""
    study = commands.add_parser("study", help="answer one question with many runs")
    questions = study.add_subparsers(dest="question", required=True, metavar="QUESTION")
    for key, question in QUESTIONS.items():
        one = _with_common(questions.add_parser(key.replace("_", "-"), help=question.says, description=question.says))
        one.add_argument("--size", choices=STUDY_SIZES, default=QUICK, help=f"how much to train (default {QUICK})")
        one.add_argument(
            "--seeds",
            type=int,
            help=f"number of seeds (default: {usual_seeds(key, QUICK)}, or {usual_seeds(key, FULL)} with --size Full)",
        )
        one.add_argument(
            "--from", dest="source", metavar="RUN", help="name or id of a SimCLR run to start from, if one is needed"
        )
        if encoders := encoders_of(key):
            one.add_argument(
                "--encoder", action="append", default=[], choices=encoders, metavar="ENCODER",
                help=f"an encoder to compare: {', '.join(encoders)}; may be repeated",
            )  # fmt: skip
        one.set_defaults(run=_ask, key=key, encoder=[])
    grid = _with_common(questions.add_parser("grid", help="train every combination of the values that you give"))
    grid.add_argument("task", choices=TASKS, help="what to train")
    add_vary(grid)
    grid.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="SETTING=VALUE",
        help="a setting with the same value in all runs; may be repeated",
    )
    grid.add_argument("--preset", choices=SIZES, default="Standard", help="size of each run (default Standard)")
    grid.add_argument("--seeds", type=int, default=1, help="number of seeds (default 1)")
    grid.set_defaults(run=_grid)
    listed = questions.add_parser("list", help="list the studies")
    listed.set_defaults(run=_list)
    show = questions.add_parser("show", help="show the answer of a study and its table")
    show.add_argument("id", metavar="STUDY", help="name or id of the study")
    show.add_argument("--csv", metavar="FILE", help="write the table of all its runs to this file")
    show.set_defaults(run=_show)


def _with_common(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--data", default="reef", help="the data set (default reef)")
    parser.add_argument("--name", default="", help="name of the study (default: from its question)")
    for setting in describe(SimclrConfig):
        if setting.path in PLACE:
            parser.add_argument(flag_name(setting.path), **flag(setting))
    parser.add_argument(
        "--plan", action="store_true", help="print the time and disk space that it needs; start nothing"
    )
    parser.add_argument("--follow", action="store_true", help="wait until the study is done, then show it")
    return parser


def _place(chosen: argparse.Namespace) -> dict[str, Any]:
    """The given settings of PLACE."""
    return {path: value for path in PLACE if (value := getattr(chosen, path)) is not None}


def _ask(chosen: argparse.Namespace, output: Output) -> int:
    dataset, source, encoders = open_dataset(chosen.data), None, chosen.encoder
    if chosen.key == HELPS:
        encoders = encoders or encoders_here()
    if chosen.source:
        run = find_run(chosen.source)
        source = (run.id, run.config())
    study = build_study(
        chosen.key, data=chosen.data, data_hash=dataset.content_hash, size=chosen.size, seeds=chosen.seeds,
        encoders=encoders, source=source, place=_place(chosen), title=chosen.name, per_class=largest_class(dataset),
    )  # fmt: skip
    return _start(study, chosen, output)


def _grid(chosen: argparse.Namespace, output: Output) -> int:
    model = TASKS[chosen.task].config
    settings = {setting.path: setting for setting in describe(model)}
    axes, problems = read_axes(chosen.vary, model)
    if problems:
        raise ConfigError(problems)
    values = {axis.path: values_of(axis, settings[axis.path]) for axis in axes}
    fixed = dict(read_value(text, model) for text in chosen.set)
    study = build_grid(
        chosen.task, values, data=chosen.data, data_hash=open_dataset(chosen.data).content_hash, seeds=chosen.seeds,
        preset_size=chosen.preset, values=_place(chosen) | fixed, title=chosen.name,
    )  # fmt: skip
    return _start(study, chosen, output)


def _start(study: StudyConfig, chosen: argparse.Namespace, output: Output) -> int:
    check_launch(study, output)  # first: the cost of what cannot be built is not known
    cost = study_cost(study, open_dataset(study.data))
    time = f"about {duration(cost.seconds)}" if cost.seconds is not None else "an unknown time"
    there = f", {cost.done} of them already done" if cost.done else ""
    said = f"{counted(cost.runs, 'run')}{there}: {time}, {size(cost.disk_bytes)}; {cost.basis}."
    if chosen.plan:
        output.result(vars(cost) | {"parts": [part.key for part in study.parts]}, said)
        return 0
    run = create_run(study, name=study.title)
    launch(run)
    output.say(said)
    return follow_or_hint(run, output, follow=chosen.follow, kind="study", show=_show_answer)


def _list(chosen: argparse.Namespace, output: Output) -> None:
    columns = {"id": "study", "name": "name", "data": "data", "state": "state", "message": "message"}
    rows = [run_summary(run) for run in list_studies()]
    output.table(rows, columns, empty="No studies yet. Start one: study labels")


def _show(chosen: argparse.Namespace, output: Output) -> None:
    run = find_run(chosen.id)
    if chosen.csv:
        from sealife_core.studies.study_results import to_frame

        write_file(destination(chosen.csv, "--csv"), csv_of(to_frame(run)), "--csv")
    _show_answer(run, output)


def _show_answer(run: Run, output: Output) -> None:
    """Print the answer, then one line per cell of the table."""
    from sealife_core.studies.labels_answer import forecast_says
    from sealife_core.studies.study_answers import answer, on_other_images, other_code
    from sealife_core.studies.study_results import classes_of, over_seeds, part_results, study_of

    study, parts = study_of(run), part_results(run)
    classes = classes_of(study)
    for sentence in run.problems():
        output.say(sentence)
    classified = over_seeds(parts)
    cells = classified or over_seeds(parts, "knn_accuracy")  # of a grid of SimCLR, which classifies nothing
    score = "k-NN accuracy" if cells and not classified else "accuracy"
    found = {
        "study": run.id, "question": study.question, "answer": answer(study.question, parts, run.root, classes),
        "other_images": on_other_images(parts), "other_code": other_code(parts),
        "forecast": forecast_says(study.question, parts, classes),
        "score": score, "cells": [vars(cell) for cell in cells],
        "missing": {part.key: part.missing for part in parts if part.missing},
    }  # fmt: skip
    if output.as_json:
        output.result(found)
        return
    said = [found[key] for key in ("answer", "forecast", "other_images") if found[key]] or [run.shown().message]
    output.result(None, "\n".join(filter(None, [*said, found["other_code"]])))
    rows = [
        {axis: f"{value:g}" if isinstance(value, float) else value for axis, value in cell.cell.items()}
        | {
            score: percent(cell.mean),
            "seeds": f"{cell.seeds} ({100 * cell.least:.1f} to {100 * cell.greatest:.1f})",
        }
        for cell in cells
    ]
    output.table(rows, {name: name for name in (*study.axes, score, "seeds")}, empty="No run has finished yet.")
    for key, why in found["missing"].items():
        output.say(f"missing: {key}: {why}")
