"""``data edit``, ``history``, ``undo``, ``redo`` and ``apply``: correcting a data set from a shell."""

import argparse
import getpass
from pathlib import Path
from typing import Any

from sealife_core.commands.datasets.summary import dataset_figures
from sealife_core.commands.output import Output, destination, write_file
from sealife_core.datasets.corrections.draft import Draft
from sealife_core.datasets.corrections.editing import add_entries, redo, said, undo
from sealife_core.datasets.corrections.entries import WHYS, in_force
from sealife_core.datasets.corrections.exchange import apply_csv, corrections_csv
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.datasets.imports.finding import composed
from sealife_core.errors import DatasetError
from sealife_core.folders import path_of
from sealife_core.wording import counted, listed


def add_actions(actions: Any) -> None:
    """Add these actions to those of ``data``."""
    edit = add_action(actions, "edit", _edit, "change images or classes; every change can be undone")
    edit.add_argument("--images", nargs="+", metavar="IMAGE", default=[], help="file names of the import, or ids")
    label = edit.add_mutually_exclusive_group()
    label.add_argument("--label", help="class of these images; a new name makes a new class")
    label.add_argument("--no-label", action="store_true", help="take their label away")
    edit.add_argument("--split", help="move them to train, val or test")
    edit.add_argument("--group", help="what they belong to (a dive, a film); '' for none")
    there = edit.add_mutually_exclusive_group()
    there.add_argument("--exclude", action="store_true", help="leave them out; their files stay")
    there.add_argument("--include", action="store_true", help="take them back in")
    edit.add_argument("--rename-class", nargs=2, metavar=("FROM", "TO"), help="a class that exists merges both")
    edit.add_argument("--why", choices=WHYS, default="hand", help="what made you look at them (default: hand)")
    by_option(edit)
    history = add_action(actions, "history", _history, "list all corrections, the newest first")
    history.add_argument("--csv", metavar="FILE", help="write those in force with the original file names")
    for name, run, text in (("undo", _undo, "take back one correction"), ("redo", _undo, "bring it back")):
        action = add_action(actions, name, run, text)
        action.add_argument("number", type=int, help="number of the correction, as 'data history' lists it")
        by_option(action)
    applying = add_action(actions, "apply", _apply, "apply corrections that 'data history --csv' wrote")
    applying.add_argument("file", type=Path, help="the CSV")
    by_option(applying)


def add_action(actions: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    """An action of ``data`` on one data set."""
    action = actions.add_parser(name, help=text, description=text)
    action.add_argument("name", metavar="NAME", help="data set")
    action.set_defaults(run=run)
    return action


def by_option(action: argparse.ArgumentParser, flag: str = "--by") -> None:
    """The flag for who does it."""
    action.add_argument(flag, default=user_name(), help="who does it (default: your user name)")


def user_name() -> str:
    """Who runs this command; "" if nobody knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without users
        return ""


def _edit(chosen: argparse.Namespace, output: Output) -> None:
    dataset = open_dataset(chosen.name)
    fields = {name: value for name in ("label", "split", "group") if (value := getattr(chosen, name)) is not None}
    fields |= {"label": ""} if chosen.no_label else {}
    fields |= {"excluded": "yes" if chosen.exclude else ""} if chosen.exclude or chosen.include else {}
    if bool(chosen.images) != bool(fields) or (not fields and not chosen.rename_class):
        raise DatasetError(
            "'data edit' needs --images and what to change (--label, --no-label, --split, --group, --exclude or"
            " --include), or --rename-class FROM TO."
        )
    ids = _ids(dataset, chosen.images)

    def find(draft: Draft) -> None:
        if fields:
            draft.correct(dict.fromkeys(ids, fields), by=chosen.by, why=chosen.why)
        if chosen.rename_class:
            draft.rename(*chosen.rename_class, by=chosen.by, why=chosen.why)

    tell(add_entries(dataset, find), output)  # all or nothing


def _ids(dataset: Dataset, names: list[str]) -> list[str]:
    """The images of these file names or ids, excluded ones too. Raises DatasetError for an unknown one, and for a name
    that several have: of the import, and of what was added."""
    imported = dataset.original
    ids = imported.manifest["id"].tolist()
    known: dict[str, list[str]] = {}
    for name, image in zip(map(composed, imported.file_names), ids, strict=True):
        known.setdefault(name, []).append(image)
    known |= {image: [image] for image in ids}
    names = [composed(name) for name in names]
    if unknown := [name for name in names if name not in known]:
        raise DatasetError(
            f"Data set {dataset.name!r} has no image {unknown[0]!r}. Give the file name that it had at the import, with"
            " its folders, or its id."
        )
    if several := [name for name in names if len(known[name]) > 1]:
        raise DatasetError(
            f"{len(known[several[0]])} images of {dataset.name!r} are called {several[0]!r}. Give the id of the one"
            f" that you mean: {listed(known[several[0]], 'or')}."
        )
    return [known[name][0] for name in names]


def _history(chosen: argparse.Namespace, output: Output) -> None:
    dataset = open_dataset(chosen.name)
    holds = {entry.number for entry in in_force(dataset.entries)}
    rows = [
        {
            "number": entry.number, "at": entry.at, "applied": entry.applied, "by": entry.by, "why": entry.why,
            "what": said(entry), "undone": entry.corrects and entry.number not in holds,
            "content_hash": entry.content_hash,
        }
        for entry in reversed(dataset.entries)
    ]  # fmt: skip
    if chosen.csv:
        path = destination(chosen.csv, "--csv")
        write_file(path, corrections_csv(dataset), "--csv")
        output.say(f"{counted(len(holds), 'correction')} written to '{path}'.")
    shown = [row | {"undone": "undone" if row["undone"] else ""} for row in rows]
    columns = {"number": "", "at": "when", "by": "who", "why": "why", "what": "what", "undone": ""}
    output.table(rows if output.as_json else shown, columns, empty="Nothing was corrected since the import.")


def _undo(chosen: argparse.Namespace, output: Output) -> None:
    change = undo if chosen.action == "undo" else redo
    tell(change(open_dataset(chosen.name), chosen.number, by=chosen.by), output)


def _apply(chosen: argparse.Namespace, output: Output) -> None:
    applied = apply_csv(open_dataset(chosen.name), path_of(chosen.file), by=chosen.by)
    found = {"entries": applied.entries, "changes": applied.images}
    found |= {"missing": applied.missing, "undone": applied.undone}
    output.result(dataset_figures(applied.dataset) | found, applied.said)


def tell(dataset: Dataset, output: Output) -> None:
    """The newest entry, and how to undo it."""
    last = dataset.entries[-1]
    undoing = f" 'data undo {dataset.name} {last.number}' takes it back." if last.corrects else ""
    text = f"{said(last)} This is version {dataset.version}.{undoing}"
    output.result(dataset_figures(dataset) | {"said": said(last)}, text)
