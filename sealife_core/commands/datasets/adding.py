"""``data add``: pictures that a model has classified join a data set, from a shell."""

import argparse
from typing import Any

from sealife_core.commands.datasets.corrections import add_action, by_option
from sealife_core.commands.datasets.summary import dataset_figures
from sealife_core.commands.output import Output
from sealife_core.errors import DatasetError, RunError
from sealife_core.folders import path_of
from sealife_core.runs.names import find_run
from sealife_core.runs.run import Run

_ABOUT = """\
Add the pictures of a classification in the background (Gallery, your own pictures) to the data set that its model
learned from.

Those that a person corrected there get that class, with who gave it and when; all others have no label, and 'data next'
asks for them. They are for training: the test split stays as it is. A picture that is there already is not added again:
its class is kept as a second opinion if it has a label. What is the same as a validation or test picture, or of its
group, is left out. 'data undo' takes it back.
"""


def add_actions(actions: Any) -> None:
    """Add this action to those of ``data``."""
    adding = add_action(actions, "add", _add, "add pictures that a model has classified")
    adding.description, adding.formatter_class = _ABOUT, argparse.RawDescriptionHelpFormatter
    adding.add_argument(
        "job", metavar="JOB", help="folder of the classification (RUN/predicted/…), or a run, for its newest one"
    )
    by_option(adding)


def _add(chosen: argparse.Namespace, output: Output) -> None:
    from sealife_core.evaluation.batch_inference.corrected_classes import add_to_dataset, part_of
    from sealife_core.evaluation.batch_inference.inference_jobs import job_in, jobs_of, read_rows

    folder = path_of(chosen.job).resolve()
    if job := job_in(folder):
        run = Run(folder.parent.parent)
    else:
        run = find_run(chosen.job)
        job = next(iter(jobs_of(run.path)), None)
    if job is None:
        raise RunError(f"Run '{run.id}' has classified no pictures in the background. Do so in the Gallery first.")
    if (learned := run.config().data) != chosen.name:
        raise DatasetError(f"The model of run '{run.id}' learned from data set {learned!r}, not from {chosen.name!r}.")
    rows = read_rows(job.folder)
    with output.progress() as tell:
        found = add_to_dataset(run, job, rows, by=chosen.by, progress=tell)
    told = {
        "added": found.added,
        "labelled": found.labelled,
        "opinions": found.opinions,
        "known": found.known,
        "held_out": found.held_out,
    }
    skipped = [{"file": name, "reason": reason} for name, reason in found.skipped]
    part = part_of(job, rows)
    said = f"Only {part}: the others are not classified yet. {found.said}" if part else found.said
    output.result(dataset_figures(found.dataset) | told | {"skipped": skipped}, said)
