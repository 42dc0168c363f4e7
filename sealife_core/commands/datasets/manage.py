"""``data``: data sets from a shell."""

import argparse
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sealife_core.commands.datasets import adding, corrections, grouping, labelling, suspects
from sealife_core.commands.datasets.check_mend import check_dataset, mend_dataset, unmend_dataset
from sealife_core.commands.datasets.summary import dataset_figures, dataset_sentence
from sealife_core.commands.output import Output
from sealife_core.datasets.dataset import list_datasets, open_dataset
from sealife_core.datasets.storage import delete_dataset, empty_dataset_trash, restore_dataset, trashed_datasets
from sealife_core.errors import DatasetError
from sealife_core.runs.directory import active_on
from sealife_core.wording import counted, size


def add_commands(commands: Any) -> None:
    """Add this group's commands to the command line."""
    data = commands.add_parser("data", help="data sets: list, check, correct, group, mend, delete, restore")
    actions = data.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, (run, said, named) in ACTIONS.items():
        action = actions.add_parser(name, help=said, description=said)
        if named:
            action.add_argument("name", metavar="NAME", help="data set")
        action.set_defaults(run=run)
        if name == "find":
            action.add_argument("part", metavar="PART", help="part of a file name or of its folders, in any case")
        elif name == "mend":
            action.add_argument("--preview", action="store_true", help="show what would move, but move nothing")
        elif name == "empty-trash":
            action.add_argument("--yes", action="store_true", help="do it; this cannot be undone")
    corrections.add_actions(actions)
    adding.add_actions(actions)
    grouping.add_actions(actions)
    suspects.add_actions(actions)
    labelling.add_actions(actions)


def _list(chosen: argparse.Namespace, output: Output) -> None:
    rows = [_listed(name) for name in list_datasets()]
    columns = {"name": "data set", "images": "images", "classes": "classes", "splits": "train / val / test"}
    columns["problem"] = ""
    shown = [r | {"splits": " / ".join(map(str, r.get("splits", {}).values()))} for r in rows]
    output.table(rows if output.as_json else shown, columns, empty="No data sets yet. Import one, or draw the reef.")


def _restore(chosen: argparse.Namespace, output: Output) -> None:
    restore_dataset(chosen.name)
    output.result({"restored": chosen.name}, f"Data set '{chosen.name}' was restored.")


def _delete(chosen: argparse.Namespace, output: Output) -> None:
    for run in active_on(chosen.name):
        raise DatasetError(f"Run '{run.id}' is training on data set '{chosen.name}'. Stop that run first.")
    freed = delete_dataset(chosen.name)
    text = f"Data set '{chosen.name}' is in the trash ({size(freed)}); 'data restore' undoes it."
    output.result({"deleted": chosen.name, "freed_bytes": freed}, text)


def _features(chosen: argparse.Namespace, output: Output) -> None:
    """List the stored features of the images, or delete them."""
    from sealife_core.evaluation.embeddings.feature_store import FeatureStore

    store = FeatureStore(open_dataset(chosen.name).folder)
    if chosen.action == "clear-features":
        freed = store.clear()
        output.result({"freed_bytes": freed}, f"{size(freed)} freed. Runs compute the features again.")
        return
    rows = [asdict(kept) | {"size_mb": round(kept.size_bytes / 1e6, 1)} for kept in store.stored()]
    columns = {"encoder": "encoder", "image_size_px": "px", "copy": "copy", "images": "images", "size_mb": "MB"}
    output.table(rows, columns, empty="No features yet. A probe or an 'embed' run computes them, once.")


def _trash(chosen: argparse.Namespace, output: Output) -> None:
    rows = [{"name": name} for name in trashed_datasets()]
    output.table(rows, {"name": "deleted data set"}, empty="The trash is empty.")


def _empty_trash(chosen: argparse.Namespace, output: Output) -> None:
    held = trashed_datasets()
    if held and not chosen.yes:
        raise DatasetError(f"The trash holds {', '.join(held)}. Emptying it cannot be undone. Add --yes to do it.")
    freed = empty_dataset_trash()
    gone = f"{counted(len(held), 'data set')} deleted for good; {size(freed)} freed."
    output.result({"removed": held, "freed_bytes": freed}, gone if held else "The trash was already empty.")


def _listed(name: str) -> dict[str, Any]:
    """A data set in figures, or what is wrong with it, so that a damaged one does not hide the others."""
    try:
        return dataset_figures(open_dataset(name))
    except DatasetError as error:
        return {"name": name, "problem": str(error)}


def _show(chosen: argparse.Namespace, output: Output) -> None:
    """Every class with its number of images per split, and the source of the data set."""
    dataset = open_dataset(chosen.name)
    splits = ("train", "val", "test")
    counts = Counter(zip(dataset.manifest["label"].tolist(), dataset.manifest["split"].tolist(), strict=True))
    rows = []
    for label in [*dataset.classes, *([""] if (dataset.labels < 0).any() else [])]:
        of_class = {split: counts[label, split] for split in splits}
        rows.append({"class": label or "(no label)", **of_class, "images": sum(of_class.values())})
    columns = list(dataset.table_columns)
    found = dataset_figures(dataset) | {"source": dataset.info.get("source", ""), "columns": columns, "per_class": rows}
    if output.as_json:
        output.result(found)
        return
    further = f"\nColumns of its table: {', '.join(columns)}" if columns else ""
    output.result(None, f"{dataset_sentence(found)}\nFrom: {found['source']}\nFolder: {found['folder']}{further}")
    headings = {"class": "class", "images": "images", "train": "train", "val": "val", "test": "test"}
    output.table(rows, headings, empty="This data set has no images.")


def _find(chosen: argparse.Namespace, output: Output) -> None:
    """List the images whose file names have a part in them; those that are left out too."""
    whole = open_dataset(chosen.name).whole
    found = whole.every.assign(file=whole.file_names, excluded=whole.every["excluded"].replace("yes", "left out"))
    rows = found.iloc[whole.named(chosen.part)][["file", "label", "split", "group", "excluded", "id"]]
    columns = {"file": "file", "label": "class", "split": "split", "group": "group", "excluded": "", "id": "id"}
    output.table(rows.to_dict("records"), columns, empty=f"No file of '{chosen.name}' has '{chosen.part}' in its name.")


# Name → what runs, what it does in a few words, whether it takes the name of a data set.
ACTIONS: dict[str, tuple[Callable[[argparse.Namespace, Output], None], str, bool]] = {
    "list": (_list, "list all data sets", False),
    "show": (_show, "images of every class and split", True),
    "find": (_find, "find images by a part of their file names", True),
    "check": (check_dataset, "find copies, by file name, and leaks between splits", True),
    "mend": (mend_dataset, "put copies that are in several splits into one", True),
    "unmend": (unmend_dataset, "undo the last mending", True),
    "features": (_features, "list the stored features", True),
    "clear-features": (_features, "delete the stored features; runs compute them again", True),
    "delete": (_delete, "move a data set to the trash", True),
    "restore": (_restore, "restore a data set from the trash", True),
    "trash": (_trash, "list the trash", False),
    "empty-trash": (_empty_trash, "delete for good what is in the trash", False),
}
