"""``data add``: further pictures join a data set, from a shell."""

import argparse
from pathlib import Path
from typing import Any

from sealife_core.commands.datasets.corrections import add_action, by_option
from sealife_core.commands.datasets.summary import dataset_figures
from sealife_core.commands.importing import class_folder_option
from sealife_core.commands.output import Output
from sealife_core.datasets.dataset import open_dataset
from sealife_core.errors import DatasetError, RunError
from sealife_core.folders import path_of
from sealife_core.runs.directory import runs_root
from sealife_core.runs.names import find_run
from sealife_core.runs.run import Run

_ABOUT = """\
Add further pictures to a data set: those of a folder, a zip or a CSV, read as 'import' reads them, or those of a
classification in the background (Gallery, your own pictures) to the data set that its model learned from.

Of a classification, those that a person corrected there get that class, with who gave it and when; all others have no
label, and 'data next' asks for them. All are for training: the test split stays as it is. A picture that is there
already is not added again, and keeps its label; a file that was lost is back then. The class that a person gave it in a
classification is kept as a second opinion. What is the same as a validation or test picture, or of its group or of a
place held out, is left out. Pictures are grouped as the data set was last grouped by a pattern. 'data undo' takes it
back.
"""


def add_actions(actions: Any) -> None:
    """Add this action to those of ``data``."""
    adding = add_action(actions, "add", _add, "add further pictures, for training")
    adding.description, adding.formatter_class = _ABOUT, argparse.RawDescriptionHelpFormatter
    adding.add_argument(
        "source", metavar="SOURCE",
        help="folder, zip or CSV; or folder of a classification (RUN/predicted/…), or a run, for its newest one",
    )  # fmt: skip
    class_folder_option(adding)
    by_option(adding)


def _add(chosen: argparse.Namespace, output: Output) -> None:
    from sealife_core.datasets.additions import add_from
    from sealife_core.evaluation.batch_inference.corrected_classes import add_to_dataset, part_of
    from sealife_core.evaluation.batch_inference.inference_jobs import job_in, jobs_of, read_rows

    folder = path_of(chosen.source).resolve()
    job, part = job_in(folder), ""
    pictures = folder.exists() or Path(chosen.source).name != chosen.source  # else it may be what a run is called
    if job is None and pictures and folder.parent != runs_root().resolve():
        dataset = open_dataset(chosen.name)
        with output.progress() as tell:
            found = add_from(dataset, folder, class_folder=chosen.class_folder, by=chosen.by, progress=tell)
    else:
        run = find_run(chosen.source) if job is None else Run(folder.parent.parent)
        job = job or next(iter(jobs_of(run.path)), None)
        if job is None:
            raise RunError(f"Run '{run.id}' has classified no pictures in the background. Do so in the Gallery first.")
        if (learned := run.config().data) != chosen.name:
            raise DatasetError(
                f"The model of run '{run.id}' learned from data set {learned!r}, not from {chosen.name!r}."
            )
        rows = read_rows(job.folder)
        with output.progress() as tell:
            found = add_to_dataset(run, job, rows, by=chosen.by, progress=tell)
        part = part_of(job, rows)
    told = {
        **{name: getattr(found, name) for name in ("added", "labelled", "opinions", "known", "restored", "held_out")},
        "skipped": [{"file": name, "reason": reason} for name, reason in found.skipped],
        "notes": list(found.notes),
    }
    said = f"Only {part}: the others are not classified yet. {found.said}" if part else found.said
    output.result(dataset_figures(found.dataset) | told, said)
