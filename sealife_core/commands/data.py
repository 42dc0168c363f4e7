"""``import``, ``reef`` and ``data``: data sets from a shell."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sealife_core.commands.output import Output
from sealife_core.neutral import terminal_text
from sealife_core.places import path_of
from sealife_core.wording import counted


def add_commands(commands: Any) -> None:
    """Add this group's commands to the command line."""
    importing = commands.add_parser("import", help="import a folder, a zip or a CSV as a data set")
    importing.add_argument("source", type=Path, help="folder (one sub-folder per class), zip of such a folder, or CSV")
    importing.add_argument("--name", help="name of the data set (default: the name of the source)")
    importing.add_argument("--seed", type=int, default=0, help="seed of the 80/10/10 split (default 0)")
    importing.add_argument(
        "--image-size-px",
        type=int,
        help="image size of later runs: the import prepares the images for it (default: the default of a run)",
    )
    importing.set_defaults(run=import_source)

    reef = commands.add_parser("reef", help="draw the built-in sample data set")
    reef.add_argument("--name", default="reef")
    reef.add_argument("--images", type=int, default=1000, help="number of images (default 1000)")
    reef.add_argument("--size-px", type=int, default=96, help="side of an image in px (default 96)")
    reef.add_argument("--seed", type=int, default=0)
    reef.set_defaults(run=draw)

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


def import_source(chosen: argparse.Namespace, output: Output) -> None:
    """Import and say what was taken and what was not."""
    from sealife_core.config import SimclrConfig, parse
    from sealife_core.datasets.imports.importing import import_images

    source = path_of(chosen.source)
    given = {} if chosen.image_size_px is None else {"image_size_px": chosen.image_size_px}
    size_px = parse(SimclrConfig, given).image_size_px
    name = chosen.name or source.resolve().stem
    with output.progress() as tell:
        report = import_images(source, name, seed=chosen.seed, image_size_px=size_px, progress=tell)
    skipped = [{"file": file, "reason": reason} for file, reason in report.skipped]
    found = summary(report.dataset) | {"imported": report.imported, "skipped": skipped, "notes": report.notes}
    lines = [f"{report.imported:,} images imported as '{report.dataset.name}', {len(skipped):,} files skipped."]
    lines += [terminal_text(f"  {s['file']}: {s['reason']}") for s in skipped[:20]]
    if len(skipped) > 20:
        lines.append(f"  … and {len(skipped) - 20:,} more, all in {report.dataset.folder / 'skipped.csv'}")
    output.result(found, "\n".join(lines + report.notes + [_described(found)]))


def draw(chosen: argparse.Namespace, output: Output) -> None:
    """Draw the reef, unless it is there already."""
    from sealife_core.datasets.reef import draw_reef

    with output.progress() as tell:
        dataset = draw_reef(
            images=chosen.images, size_px=chosen.size_px, seed=chosen.seed, name=chosen.name, progress=tell
        )
    found = summary(dataset)
    output.result(found, _described(found))


def manage(chosen: argparse.Namespace, output: Output) -> None:
    """The actions of ``data``."""
    from sealife_core.datasets.dataset import list_datasets, open_dataset
    from sealife_core.datasets.storage import delete_dataset, restore_dataset
    from sealife_core.errors import DatasetError

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
        _check(open_dataset(chosen.name), output)
    elif chosen.action in ("features", "clear-features"):
        _features(open_dataset(chosen.name), output, clear=chosen.action == "clear-features")
    elif chosen.action == "mend":
        _mend(open_dataset(chosen.name), output, preview=chosen.preview)
    else:
        _unmend(chosen.name, output)


def _features(dataset: Any, output: Output, clear: bool) -> None:
    """What encoders made of the images, kept for the next runs; with ``clear``, deleted."""
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
    """What was deleted; with ``empty`` and ``yes``, removed for good."""
    from sealife_core.datasets.storage import empty_dataset_trash, trashed_datasets
    from sealife_core.errors import DatasetError

    held = trashed_datasets()
    if not empty:
        output.table([{"name": name} for name in held], {"name": "deleted data set"}, empty="The trash is empty.")
        return
    if held and not yes:
        raise DatasetError(f"The trash holds {', '.join(held)}. Emptying it cannot be undone. Add --yes to do it.")
    freed = empty_dataset_trash()
    gone = f"{counted(len(held), 'data set')} deleted for good; {freed / 1e6:.1f} MB freed."
    output.result({"removed": held, "freed_bytes": freed}, gone if held else "The trash was already empty.")


def summary(dataset: Any) -> dict[str, Any]:
    """A data set in figures."""
    return {
        "name": dataset.name,
        "images": len(dataset.manifest),
        "classes": len(dataset.classes),
        "splits": {split: len(dataset.rows(split)) for split in ("train", "val", "test")},
        "content_hash": dataset.content_hash,
        "folder": str(dataset.folder),
    }


def _listed(name: str) -> dict[str, Any]:
    """A data set in figures, or what is wrong with it: a damaged one hides no other."""
    from sealife_core.datasets.dataset import open_dataset
    from sealife_core.errors import DatasetError

    try:
        return summary(open_dataset(name))
    except DatasetError as error:
        return {"name": name, "problem": str(error)}


def _refuse_if_used(name: str) -> None:
    """Raises DatasetError while a run learns from the data set."""
    from sealife_core.errors import DatasetError
    from sealife_core.runs.directory import active_on

    for run in active_on(name):
        raise DatasetError(f"Run '{run.id}' is training on data set '{name}'. Stop that run first.")


def _show(dataset: Any, output: Output) -> None:
    """Every class with its images a split, and where the data set came from."""
    splits = ("train", "val", "test")
    counts = dataset.manifest.groupby(["label", "split"]).size()
    rows = []
    for label in [*dataset.classes, *([""] if (dataset.labels < 0).any() else [])]:
        of_class = {split: int(counts.get((label, split), 0)) for split in splits}
        rows.append({"class": label or "(no label)", **of_class, "images": sum(of_class.values())})
    found = summary(dataset) | {"source": dataset.info.get("source", ""), "per_class": rows}
    if output.as_json:
        output.result(found)
        return
    output.result(None, f"{_described(found)}\nFrom: {found['source']}\nFolder: {found['folder']}")
    columns = {"class": "class", "images": "images", "train": "train", "val": "val", "test": "test"}
    output.table(rows, columns, empty="This data set has no images.")


def _described(found: dict[str, Any]) -> str:
    splits = ", ".join(f"{n:,} {split}" for split, n in found["splits"].items())
    return f"Data set '{found['name']}': {found['images']:,} images, {found['classes']} classes ({splits})."


def _check(dataset: Any, output: Output) -> None:
    checks = _checked(dataset, output)
    counts = _counted(checks)
    groups = [_group(dataset, group, kind) for kind in _KINDS for group in getattr(checks, kind)]
    lines = [f"{name.replace('_', ' ')}: {count}" for name, count in counts.items()]
    lines += [f"{_KINDS[of['kind']]}: {', '.join(map(_pictured, of['pictures']))}" for of in groups]
    output.result(counts | {"groups": groups}, "\n".join(lines))


_KINDS = {"exact": "same file", "near": "nearly the same"}


def _group(dataset: Any, group: Any, kind: str) -> dict[str, Any]:
    """Which pictures are one: with file names as they were imported, labels and splits."""
    labels, splits = dataset.manifest["label"], dataset.manifest["split"]
    pictures = [
        {"file": dataset.file_names[row], "label": labels.iat[row], "split": splits.iat[row]} for row in group.rows
    ]
    return {"kind": kind, "straddles": group.straddles, "labels_differ": group.labels_differ, "pictures": pictures}


def _pictured(picture: dict[str, str]) -> str:
    return f"{picture['file']} ({picture['label'] or 'no label'}, {picture['split']})"


def _counted(checks: Any) -> dict[str, int]:
    return {
        "exact_duplicates": len(checks.exact),
        "near_duplicates": len(checks.near),
        "straddling_splits": len(checks.leaks),
        "with_two_labels": sum(group.labels_differ for group in (*checks.exact, *checks.near)),
    }


def _mend(dataset: Any, output: Output, *, preview: bool) -> None:
    """Bring copies in several splits together; with ``preview`` only say how."""
    from sealife_core.datasets.mending import mend, plan_mending

    checks = _checked(dataset, output)
    mending = plan_mending(dataset, checks)
    found = _counted(checks) | {
        "mended": 0 if preview else mending.groups,
        "would_mend": mending.groups,
        "moved": [{"from": a, "to": b, "images": n} for (a, b), n in sorted(mending.between.items())],
        "before": mending.before,
        "after": mending.after,
        "left": list(mending.left),
    }
    if not mending.moves and not mending.left:
        output.result(found, "No picture is in more than one split: there is nothing to mend.")
        return
    if not preview:
        mend(dataset, mending)
    groups = counted(mending.groups, "group of copies", "groups of copies")
    said = f"{groups} to bring together" if preview else f"{groups} brought together"
    last = [] if preview else [f"'data unmend {dataset.name}' undoes it."]
    output.result(found, "\n".join([f"{said}, each in one split.", *mending.sentences, *last]))


def _unmend(name: str, output: Output) -> None:
    from sealife_core.datasets.mending import undo_mending

    dataset, back = undo_mending(name)
    found = summary(dataset) | {"moved_back": back}
    output.result(found, f"{counted(back, 'image')} moved back. {_described(found)}")


def _checked(dataset: Any, output: Output) -> Any:
    from sealife_core.datasets.checks import check

    with output.progress() as tell:
        return check(dataset, progress=tell)
