"""``data``: data sets from a shell."""

import argparse
from dataclasses import asdict
from typing import Any

from sealife_core.commands.check_mend import check_dataset, mend_dataset, unmend_dataset
from sealife_core.commands.dataset_summary import dataset_figures, dataset_sentence
from sealife_core.commands.output import Output
from sealife_core.datasets.dataset import list_datasets, open_dataset
from sealife_core.datasets.storage import delete_dataset, empty_dataset_trash, restore_dataset, trashed_datasets
from sealife_core.errors import DatasetError
from sealife_core.runs.directory import active_on
from sealife_core.wording import counted


def add_commands(commands: Any) -> None:
    """Add this group's commands to the command line."""
    data = commands.add_parser(
        "data", help="list, show, check, mend, unmend, delete or restore data sets; list or empty the trash"
    )
    actions = ["list", "show", "check", "mend", "unmend", "features", "clear-features"]
    actions += ["delete", "restore", "trash", "empty-trash"]
    data.add_argument("action", choices=actions)
    data.add_argument("name", nargs="?", help="data set")
    data.add_argument("--yes", action="store_true", help="for empty-trash: do it; this cannot be undone")
    data.add_argument("--preview", action="store_true", help="for mend: show what would move, but move nothing")
    data.set_defaults(run=manage)


def manage(chosen: argparse.Namespace, output: Output) -> None:
    """The actions of ``data``."""
    if chosen.action == "list":
        rows = [_listed(name) for name in list_datasets()]
        columns = {"name": "data set", "images": "images", "classes": "classes", "splits": "train / val / test"}
        columns["problem"] = ""
        shown = [r | {"splits": " / ".join(map(str, r.get("splits", {}).values()))} for r in rows]
        output.table(
            rows if output.as_json else shown, columns, empty="No data sets yet. Import one, or draw the reef."
        )
        return
    if chosen.action in ("trash", "empty-trash"):
        _trash(output, empty=chosen.action == "empty-trash", yes=chosen.yes)
        return
    if not chosen.name:
        raise DatasetError(
            f"'data {chosen.action}' needs the name of a data set. You have: {', '.join(list_datasets())}."
        )
    if chosen.action == "restore":
        restore_dataset(chosen.name)
        output.result({"restored": chosen.name}, f"Data set '{chosen.name}' was restored.")
    elif chosen.action == "delete":
        _refuse_if_used(chosen.name)
        freed = delete_dataset(chosen.name)
        text = f"Data set '{chosen.name}' is in the trash ({freed / 1e6:.1f} MB); 'data restore' undoes it."
        output.result({"deleted": chosen.name, "freed_bytes": freed}, text)
    elif chosen.action == "show":
        _show(open_dataset(chosen.name), output)
    elif chosen.action == "check":
        check_dataset(open_dataset(chosen.name), output)
    elif chosen.action in ("features", "clear-features"):
        _features(open_dataset(chosen.name), output, clear=chosen.action == "clear-features")
    elif chosen.action == "mend":
        mend_dataset(open_dataset(chosen.name), output, preview=chosen.preview)
    else:
        unmend_dataset(chosen.name, output)


def _features(dataset: Any, output: Output, clear: bool) -> None:
    """List the stored features of the images; with ``clear``, delete them."""
    from sealife_core.evaluation.embeddings.feature_store import FeatureStore

    store = FeatureStore(dataset.folder)
    if clear:
        freed = store.clear()
        output.result({"freed_bytes": freed}, f"{freed / 1e6:.1f} MB freed. Runs compute the features again.")
        return
    rows = [asdict(kept) | {"size_mb": round(kept.size_bytes / 1e6, 1)} for kept in store.stored()]
    columns = {"encoder": "encoder", "image_size_px": "px", "copy": "copy", "images": "images", "size_mb": "MB"}
    output.table(rows, columns, empty="No features yet. A probe or an 'embed' run computes them, once.")


def _trash(output: Output, empty: bool, yes: bool) -> None:
    """List the trash; with ``empty`` and ``yes``, empty it."""
    held = trashed_datasets()
    if not empty:
        output.table([{"name": name} for name in held], {"name": "deleted data set"}, empty="The trash is empty.")
        return
    if held and not yes:
        raise DatasetError(f"The trash holds {', '.join(held)}. Emptying it cannot be undone. Add --yes to do it.")
    freed = empty_dataset_trash()
    gone = f"{counted(len(held), 'data set')} deleted for good; {freed / 1e6:.1f} MB freed."
    output.result({"removed": held, "freed_bytes": freed}, gone if held else "The trash was already empty.")


def _listed(name: str) -> dict[str, Any]:
    """A data set in figures, or what is wrong with it, so that a damaged one does not hide the others."""
    try:
        return dataset_figures(open_dataset(name))
    except DatasetError as error:
        return {"name": name, "problem": str(error)}


def _refuse_if_used(name: str) -> None:
    """Raises DatasetError while a run uses the data set."""
    for run in active_on(name):
        raise DatasetError(f"Run '{run.id}' is training on data set '{name}'. Stop that run first.")


def _show(dataset: Any, output: Output) -> None:
    """Every class with its number of images per split, and the source of the data set."""
    splits = ("train", "val", "test")
    counts = dataset.manifest.groupby(["label", "split"]).size()
    rows = []
    for label in [*dataset.classes, *([""] if (dataset.labels < 0).any() else [])]:
        of_class = {split: int(counts.get((label, split), 0)) for split in splits}
        rows.append({"class": label or "(no label)", **of_class, "images": sum(of_class.values())})
    found = dataset_figures(dataset) | {"source": dataset.info.get("source", ""), "per_class": rows}
    if output.as_json:
        output.result(found)
        return
    output.result(None, f"{dataset_sentence(found)}\nFrom: {found['source']}\nFolder: {found['folder']}")
    columns = {"class": "class", "images": "images", "train": "train", "val": "val", "test": "test"}
    output.table(rows, columns, empty="This data set has no images.")
