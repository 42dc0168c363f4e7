"""``data check``, ``mend`` and ``unmend``: copies and groups of images that are in more than one split."""

import argparse
from typing import Any

from sealife_core.commands.datasets.summary import dataset_figures, dataset_sentence
from sealife_core.commands.output import Output
from sealife_core.datasets.dataset import open_dataset
from sealife_core.wording import counted


def check_dataset(chosen: argparse.Namespace, output: Output) -> None:
    """List the copies, and the groups and series that are in more than one split."""
    dataset = open_dataset(chosen.name)
    checks = checked(dataset, output)
    counts = _counted(checks)
    groups = [_group(dataset, group, kind) for kind in _KINDS for group in getattr(checks, kind)]
    lost = [dataset.file_names[row] for row in checks.missing]
    lines = [f"{name.replace('_', ' ')}: {count}" for name, count in counts.items()]
    lines += [f"missing: {name}" for name in lost]
    if lost:
        lines.append(f"'data add {dataset.name}' with these pictures brings their files back.")
    lines += [f"{_KINDS[of['kind']]}: {', '.join(map(_pictured, of['pictures']))}" for of in groups]
    if checks.suggestion:
        lines.append(f"'data group {dataset.name} --by {checks.suggestion}' would group the series.")
    output.result(
        counts | {"groups": groups, "missing": lost, "suggested_pattern": checks.suggestion}, "\n".join(lines)
    )


_KINDS = {
    "exact": "same file", "near": "nearly the same", "scattered": "one group", "series": "series without a group",
}  # fmt: skip


def _group(dataset: Any, group: Any, kind: str) -> dict[str, Any]:
    """A group, with the file names of their import, labels and splits."""
    labels, splits = dataset.manifest["label"], dataset.manifest["split"]
    pictures = [
        {"file": dataset.file_names[row], "label": labels.iat[row], "split": splits.iat[row]} for row in group.rows
    ]
    return {"kind": kind, "straddles": group.straddles, "labels_differ": group.labels_differ, "pictures": pictures}


def _pictured(picture: dict[str, str]) -> str:
    return f"{picture['file']} ({picture['label'] or 'no label'}, {picture['split']})"


def _counted(checks: Any) -> dict[str, int]:
    return {
        "missing_files": len(checks.missing),
        "exact_duplicates": len(checks.exact),
        "near_duplicates": len(checks.near),
        "straddling_splits": len(checks.leaks),
        "groups_in_several_splits": len(checks.scattered),
        "series_without_group": len(checks.series),
        "with_two_labels": sum(group.labels_differ for group in (*checks.exact, *checks.near)),
    }


def mend_dataset(chosen: argparse.Namespace, output: Output) -> None:
    """Move copies and groups that are in several splits into one; with ``preview`` only say which."""
    from sealife_core.datasets.mending import mend, plan_mending

    dataset, preview = open_dataset(chosen.name), chosen.preview
    checks = checked(dataset, output)
    mending = plan_mending(dataset, checks)
    found = _counted(checks) | {
        "mended": 0 if preview else mending.groups,
        "would_mend": mending.groups,
        **mending.figures,
        "left": list(mending.left),
    }
    if not mending.moves and not mending.left:
        output.result(found, "No picture is in more than one split: there is nothing to mend.")
        return
    if not preview:
        mend(dataset, mending)
    groups = counted(mending.groups, "group")
    said = f"{groups} to bring together" if preview else f"{groups} brought together"
    last = [] if preview else [f"'data unmend {dataset.name}' undoes it."]
    output.result(found, "\n".join([f"{said}, each in one split.", *mending.sentences, *last]))


def unmend_dataset(chosen: argparse.Namespace, output: Output) -> None:
    """Undo ``mend_dataset``."""
    from sealife_core.datasets.mending import undo_mending

    dataset, back = undo_mending(chosen.name)
    found = dataset_figures(dataset) | {"moved_back": back}
    output.result(found, f"{counted(back, 'image')} moved back. {dataset_sentence(found)}")


def checked(dataset: Any, output: Output) -> Any:
    """What the checks of ``dataset`` find, with a progress bar."""
    from sealife_core.datasets.checks import check

    with output.progress() as tell:
        return check(dataset, progress=tell)
