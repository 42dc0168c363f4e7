"""``import`` and ``reef``: new data sets from a shell."""

import argparse
from pathlib import Path
from typing import Any

from sealife_core.commands.datasets.summary import dataset_figures, dataset_sentence
from sealife_core.commands.output import Output
from sealife_core.config import SimclrConfig, parse
from sealife_core.datasets.grouping.patterns import EXPECTED, parse_pattern
from sealife_core.folders import path_of
from sealife_core.neutral import terminal_text
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
    importing.add_argument("--group-by", metavar="PATTERN", help=f"images that stay in one split: {EXPECTED}")
    class_folder_option(importing)
    importing.set_defaults(run=import_source)

    reef = commands.add_parser("reef", help="draw the built-in sample data set")
    reef.add_argument("--name", default="reef")
    reef.add_argument("--images", type=int, default=1000, help="number of images (default 1000)")
    reef.add_argument("--size-px", type=int, default=96, help="side of an image in px (default 96)")
    reef.add_argument("--seed", type=int, default=0)
    reef.set_defaults(run=draw)


def class_folder_option(action: argparse.ArgumentParser) -> None:
    """The flag for how folders are read."""
    action.add_argument(
        "--class-folder", choices=("first", "last"), default="first",
        help="which folder around an image is its class: the first in crab/dive 3/1.jpg (default), the last in"
             " site A/crab/1.jpg",
    )  # fmt: skip


def import_source(chosen: argparse.Namespace, output: Output) -> None:
    """Import, and report what was imported and what was skipped."""
    from sealife_core.datasets.imports.importing import import_images
    from sealife_core.datasets.imports.sources import name_of

    source = path_of(chosen.source)
    given = {} if chosen.image_size_px is None else {"image_size_px": chosen.image_size_px}
    size_px = parse(SimclrConfig, given).image_size_px
    pattern = None if chosen.group_by is None else parse_pattern(chosen.group_by)
    name = chosen.name or name_of(source)
    with output.progress() as tell:
        report = import_images(
            source, name, seed=chosen.seed, image_size_px=size_px, group_by=pattern,
            class_folder=chosen.class_folder, progress=tell,
        )  # fmt: skip
    skipped = [{"file": file, "reason": reason} for file, reason in report.skipped]
    found = dataset_figures(report.dataset) | {"imported": report.imported, "skipped": skipped, "notes": report.notes}
    images, files = counted(report.imported, "image"), counted(len(skipped), "file")
    lines = [f"{images} imported as '{report.dataset.name}', {files} skipped."]
    lines += [terminal_text(f"  {s['file']}: {s['reason']}") for s in skipped[:20]]
    if len(skipped) > 20:
        lines.append(f"  … and {len(skipped) - 20:,} more, all in {report.dataset.folder / 'skipped.csv'}")
    output.result(found, "\n".join(lines + report.notes + [dataset_sentence(found)]))


def draw(chosen: argparse.Namespace, output: Output) -> None:
    """Draw the reef, unless it exists."""
    from sealife_core.datasets.reef import draw_reef

    with output.progress() as tell:
        dataset = draw_reef(
            images=chosen.images, size_px=chosen.size_px, seed=chosen.seed, name=chosen.name, progress=tell
        )
    found = dataset_figures(dataset)
    output.result(found, dataset_sentence(found))
