"""``data suspects``: labels that may be wrong."""

import argparse
from dataclasses import asdict
from typing import Any

import pandas as pd

from sealife_core.commands.datasets.check_mend import checked
from sealife_core.commands.datasets.corrections import add_action
from sealife_core.commands.output import Output, at_least, destination, write_file
from sealife_core.datasets.dataset import open_dataset
from sealife_core.neutral import csv_of
from sealife_core.runs.names import find_run
from sealife_core.wording import counted, percent

TOP = 40  # a screen of pictures


def add_actions(actions: Any) -> None:
    """Add this action to those of ``data``."""
    says = "list labels that may be wrong, the most suspicious first"
    action = add_action(actions, "suspects", list_suspects, says)
    action.add_argument("--run", dest="features", metavar="RUN", help="whose features judge (default: the newest fit)")
    action.add_argument("--top", type=int, default=TOP, metavar="N", help=f"how many to list (default {TOP})")
    action.add_argument("--csv", metavar="FILE", help="write them with the original file names")


def list_suspects(chosen: argparse.Namespace, output: Output) -> None:
    """Judge the labels of a data set by the features of a run."""
    from sealife_core.evaluation.curation.label_free_features import learned_from_labels, run_without_labels
    from sealife_core.evaluation.curation.suspects import suspects
    from sealife_core.evaluation.embeddings.stored_embeddings import read_embeddings

    at_least(1, "--top", chosen.top)
    path = destination(chosen.csv, "--csv") if chosen.csv else None
    dataset = open_dataset(chosen.name)
    run = find_run(chosen.features) if chosen.features else run_without_labels(dataset)
    checks = checked(dataset, output)
    copies = [group.rows for group in (*checks.exact, *checks.near)]
    found = suspects(dataset, read_embeddings(run.path), copies)
    if learned_from_labels(run):
        output.say(
            f"The encoder of run '{run.id}' has learned from labels, wrong ones too: it finds fewer of them. Better are"
            " features of ImageNet's weights."
        )
    if found.too_rare:
        classes = ", ".join(map(repr, found.too_rare))
        output.say(f"Not judged, because there are too few images of it: {classes}.")
    first = found.ranked[: chosen.top]
    file_of = dataset.original_names
    if path:
        table = pd.DataFrame(
            [asdict(one) | {"neighbours": "; ".join(file_of[i] for i in one.neighbours)} for one in first]
        )
        write_file(path, csv_of(table), "--csv")
        output.say(f"{counted(len(first), 'image')} written to '{path}'.")
    if output.as_json:
        rows = [asdict(one) | {"neighbours": [{"id": i, "file": file_of[i]} for i in one.neighbours]} for one in first]
        about = {"run": run.id, "judged": len(found.ranked), "kept": found.kept, "too_rare": list(found.too_rare)}
        output.result(about | {"suspects": rows})
        return
    shown = [
        {
            "file": one.file,
            "label": one.label,
            "own": percent(one.label_probability, 0),
            "says": f"{one.predicted} {percent(one.probability, 0)}",
            "share": percent(one.neighbour_share, 0),
        }
        for one in first
    ]
    columns = {"file": "file", "label": "label", "own": "", "says": "model says", "share": "neighbours of its label"}
    output.table(shown, columns, empty="No labels to look at.")
