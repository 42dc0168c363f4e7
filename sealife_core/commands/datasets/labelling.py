"""``data next`` and ``data agreement``: what to label next, and whether two people label alike."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sealife_core.commands.datasets.corrections import add_action
from sealife_core.commands.output import Output, at_least
from sealife_core.datasets.corrections.entries import People
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.errors import RunError
from sealife_core.runs.directory import list_runs
from sealife_core.runs.names import find_run
from sealife_core.runs.run import Run
from sealife_core.wording import counted, percent

if TYPE_CHECKING:
    from sealife_core.evaluation.comparison.resampling import Interval
    from sealife_core.evaluation.curation.label_queue import Pick

_NEXT = """\
List the pictures to label next, with their likely classes, most useful first.

Every seventh is random and not trained on: on those, accuracy is estimated honestly. They go to validation; if no test
pictures came with labels, every second one goes to test. Give them their labels with 'data edit NAME --images FILE
--label CLASS --split SPLIT --why queue', SPLIT as listed here; so the next list knows.
"""


def add_actions(actions: Any) -> None:
    """Add these actions to those of ``data``."""
    following = add_action(actions, "next", _next, "list the pictures to label next")
    following.description, following.formatter_class = _NEXT, argparse.RawDescriptionHelpFormatter
    following.add_argument("--count", type=int, default=20, metavar="N", help="how many (default 20)")
    following.add_argument("--run", dest="source", metavar="RUN", help="whose embeddings to use (default: the newest)")
    agreeing = add_action(actions, "agreement", _agreement, "do two people agree on the pictures that both labelled?")
    agreeing.add_argument("first", metavar="A", help="a name, as 'data history' lists it, or 'the import'")
    agreeing.add_argument("second", metavar="B", help="another")


def _next(chosen: argparse.Namespace, output: Output) -> None:
    from sealife_core.evaluation.curation.label_queue import LabelQueue
    from sealife_core.evaluation.curation.queue_features import points_of
    from sealife_core.evaluation.embeddings.stored_embeddings import read_embeddings

    at_least(1, "--count", chosen.count)
    dataset = open_dataset(chosen.name)
    run = find_run(chosen.source) if chosen.source else _newest_embedded(dataset)
    embedded = read_embeddings(run.path)
    if embedded.data != dataset.name:
        raise RunError(f"Run '{run.id}' has embeddings of data set {embedded.data!r}, not of {dataset.name!r}.")
    queue = LabelQueue(dataset, points_of(embedded.ids, embedded.values))
    picks = [_told(dataset, pick) for pick in queue.picks(chosen.count)]
    bought = [asdict(point) for point in queue.bought()]
    if output.as_json:
        output.result({"run": run.id, "open": int(queue.open.sum()), "picks": picks, "bought": bought})
        return
    shown = [row | {"likely": _likely(row["likely"]), "alike": ", ".join(row["alike"])} for row in picks]
    columns = {"file": "picture", "split": "for", "why": "why", "likely": "likely", "alike": "looks alike"}
    output.table(shown, columns, empty="No picture with embeddings is without a label.")
    output.say(f"{counted(int(queue.open.sum()), 'picture')} without a label. Embeddings of run '{run.id}'.")
    if bought:
        last = bought[-1]
        output.say(
            f"{counted(last['answers'], 'answer')} so far: {percent(last['accuracy'])} right"
            f" ({percent(last['low'])} to {percent(last['high'])}) on pictures held out."
        )


def _newest_embedded(dataset: Dataset) -> Run:
    """The newest run with embeddings of ``dataset``. Raises RunError."""
    from sealife_core.evaluation.embeddings.stored_embeddings import has_embeddings

    for run in list_runs():
        config = run.config_or_none()
        if config is not None and config.data == dataset.name and has_embeddings(run.path):
            return run
    raise RunError(f"No run has embeddings of {dataset.name!r} yet. Launch an 'embed' run on it first.")


def _told(dataset: Dataset, pick: "Pick") -> dict[str, Any]:
    return {
        "file": dataset.file_names[pick.row], "id": dataset.manifest["id"].iat[pick.row], "split": pick.split,
        "why": pick.why, "likely": [{"class": name, "probability": share} for name, share in pick.likely],
        "alike": [dataset.file_names[row] for row in pick.alike],
    }  # fmt: skip


def _likely(classes: list[dict[str, Any]]) -> str:
    return ", ".join(f"{one['class']} {percent(one['probability'], 0)}" for one in classes[:3])


def _agreement(chosen: argparse.Namespace, output: Output) -> None:
    from sealife_core.evaluation.curation.agreement import agreement, left_out_said

    dataset = open_dataset(chosen.name)
    people = People(dataset.entries)
    found = agreement(dataset, people.called(chosen.first), people.called(chosen.second))
    names = dataset.original_names
    apart = [{"file": names[image], "first": one, "second": other} for image, one, other in found.disagreements]
    if output.as_json:
        output.result(
            {
                "pictures": int(found.confusion.sum()), "left_out": found.left_out, "agreed": asdict(found.agreed),
                "kappa": asdict(found.kappa) if found.kappa else None, "classes": found.classes,
                "confusion": found.confusion.tolist(), "disagreements": apart,
                "only_first": [names[image] for image in found.only_first],
                "only_second": [names[image] for image in found.only_second],
            }
        )  # fmt: skip
        return
    output.table(apart, {"file": "picture", "first": chosen.first, "second": chosen.second}, empty="They never differ.")
    kappa = _interval(found.kappa, "{:.2f}".format) if found.kappa else "unknown: there is one class"
    output.say(
        f"{counted(int(found.confusion.sum()), 'picture')} labelled by both independently:"
        f" {_interval(found.agreed, percent)} alike, Cohen's kappa {kappa}. {left_out_said(found)}".rstrip()
    )


def _interval(of: "Interval", write: Any) -> str:
    return f"{write(of.value)} ({write(of.low)} to {write(of.high)})"
