"""``data group`` and ``held-out``: what images belong to, and how a probe does on what it has not seen."""

import argparse
from dataclasses import asdict
from typing import Any

from sealife_core.commands.datasets.corrections import tell, user_name
from sealife_core.commands.output import Output
from sealife_core.datasets.dataset import open_dataset
from sealife_core.datasets.grouping.patterns import EXPECTED, parse_pattern


def add_actions(actions: Any) -> None:
    """Add these actions to those of ``data``."""
    text = "group images by their names, folders or dates; it can be undone"
    group = actions.add_parser("group", help=text, description=text)
    group.add_argument("--by", required=True, metavar="PATTERN", help=EXPECTED)
    group.add_argument("--preview", action="store_true", help="show the groups, but change nothing")
    group.add_argument("--who", default=user_name(), help="who does it (default: your user name)")
    group.set_defaults(run=_group)
    text = "accuracy of a linear probe on places that it has not seen, beside random held-out images"
    held_out = actions.add_parser("held-out", help=text, description=text)
    held_out.add_argument(
        "--by", required=True, metavar="PATTERN", help=f"what names the place of an image: group, {EXPECTED}"
    )
    held_out.add_argument(
        "--run", dest="of_run", metavar="RUN", help="run whose embeddings to use (default: the newest that has some)"
    )
    held_out.set_defaults(run=_held_out)
    for action in (group, held_out):
        action.add_argument("--json", action="store_true", help="print JSON instead of text")
        action.add_argument("name", metavar="NAME", help="data set")


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

    dataset = open_dataset(chosen.name)
    with output.progress() as told:
        found = held_out_of(dataset, chosen.by, chosen.of_run, progress=told)
    output.result(asdict(found) | {"said": found.said}, found.said)
