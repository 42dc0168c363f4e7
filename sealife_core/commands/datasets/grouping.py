"""``data group`` and ``held-out``: what images belong to, how a probe does at new places, and places as test split."""

import argparse
from dataclasses import asdict
from typing import Any

from sealife_core.commands.datasets.corrections import add_action, by_option, tell
from sealife_core.commands.output import Output
from sealife_core.datasets.dataset import open_dataset
from sealife_core.datasets.grouping.patterns import EXPECTED, parse_pattern
from sealife_core.datasets.holding_out import GROUP, hold_out, places_of, plan_holding_out
from sealife_core.errors import DatasetError
from sealife_core.wording import counted, percent


def add_actions(actions: Any) -> None:
    """Add these actions to those of ``data``."""
    group = add_action(actions, "group", _group, "group images by their names, folders or dates; it can be undone")
    group.add_argument("--by", required=True, metavar="PATTERN", help=EXPECTED)
    group.add_argument("--preview", action="store_true", help="show the groups, but change nothing")
    by_option(group, "--who")
    text = "accuracy of a linear probe on places that it has not seen, beside random held-out images"
    held_out = add_action(actions, "held-out", _held_out, text)
    held_out.add_argument(
        "--by", default=GROUP, metavar="PATTERN",
        help=f"what names the place of an image: group (default), {EXPECTED}",
    )  # fmt: skip
    held_out.add_argument(
        "--run", dest="of_run", metavar="RUN", help="run whose embeddings to use (default: the newest that has some)"
    )
    held_out.add_argument(
        "--hold", nargs="+", metavar="PLACE",
        help="make the images of these places the test split; those of others in it become training images",
    )  # fmt: skip
    held_out.add_argument("--preview", action="store_true", help="with --hold: show what moves, but change nothing")
    by_option(held_out, "--who")


def _group(chosen: argparse.Namespace, output: Output) -> None:
    from sealife_core.datasets.grouping.regrouping import plan_regrouping, regroup

    dataset, pattern = open_dataset(chosen.name), parse_pattern(chosen.by)
    with output.progress() as told:
        plan = plan_regrouping(dataset, pattern, told)
    if not chosen.preview:
        output.say("\n".join(plan.sentences))
        tell(regroup(dataset, plan, chosen.who), output)
        return
    largest = [f"  {group}: {images:,} images, such as {file}" for group, images, file in plan.preview.largest]
    found = asdict(plan.preview) | {"changes": len(plan.changes), "straddling": plan.straddling}
    output.result(found, "\n".join([*plan.sentences, *largest]))


def _held_out(chosen: argparse.Namespace, output: Output) -> None:
    from sealife_core.evaluation.curation.held_out_places import held_out_of

    if chosen.hold:
        _hold(chosen, output)
        return
    if chosen.preview:
        raise DatasetError("'--preview' shows what --hold would move: name the places with --hold PLACE.")
    dataset = open_dataset(chosen.name)
    with output.progress() as told:
        found = held_out_of(dataset, chosen.by, chosen.of_run, progress=told)
    figures = {name: value for name, value in asdict(found).items() if name != "predicted"}
    output.result(figures | {"said": found.said}, "\n".join([found.said, *map(_place_said, found.each)]))


def _place_said(one: Any) -> str:
    """A line on one place."""
    images = counted(one.images, "image")
    alone = f"; no other place has {', '.join(map(repr, one.alone))}" if one.alone else ""
    if one.elsewhere is None:
        return f"  {one.place}: {images}, none of which can be scored{alone}"
    low, high = 100 * one.elsewhere.low, 100 * one.elsewhere.high
    scored = f"{percent(one.elsewhere.value)} ({low:.1f} to {high:.1f}) unseen, {percent(one.random.value)} at random"
    return f"  {one.place}: {images}, {scored}{alone}"


def _hold(chosen: argparse.Namespace, output: Output) -> None:
    dataset = open_dataset(chosen.name)
    with output.progress() as told:
        plan = plan_holding_out(dataset, chosen.hold, places_of(dataset, chosen.by, told))
    if not chosen.preview:
        output.say("\n".join(plan.sentences))
        tell(hold_out(dataset, plan, chosen.who, chosen.by), output)
        return
    found = {"places": plan.places, **plan.figures, "warnings": plan.warnings}
    nothing = "The test split is the images of these places already."
    output.result(found, "\n".join(plan.sentences if plan.moves else [nothing, *plan.warnings]))
