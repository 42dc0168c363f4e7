"""The classes that people gave to predicted pictures: ``corrected.csv`` of a job, a line each. Imports no torch."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from sealife_core.datasets.imports.finding import FoundFile, clean_label
from sealife_core.durable import held, replace_file
from sealife_core.errors import RunError, disk_problem
from sealife_core.evaluation.predicting.jobs import Job, read_files
from sealife_core.evaluation.predicting.rows import UNKNOWN, Row, named
from sealife_core.neutral import csv_of, csv_text

CORRECTED, LOCK = "corrected.csv", ".corrected.lock"


def read_corrected(folder: Path) -> dict[int, str]:
    """Place of a picture in the job → the class that a person gave it. Raises RunError if the file is damaged."""
    try:
        text = (folder / CORRECTED).read_bytes().decode()
        rows = csv.DictReader(io.StringIO(text, newline=""))
        return {int(row["number"]): csv_text(row["class"]) for row in rows}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise RunError(f"{CORRECTED} in {folder} is damaged ({error}). Repair it, or remove it.") from None


def correct(job: Job, rows: Sequence[Row], places: Iterable[int], label: str) -> None:
    """Give the pictures at ``places`` the class ``label``, or ("") none. Two people at once: both are kept.

    Raises RunError.
    """
    label = clean_label(label)
    if label.casefold() == UNKNOWN:
        raise RunError(f"'{UNKNOWN}' is what a picture below the threshold is called. Choose another name.")
    try:
        with held(job.folder / LOCK, f"The corrections of '{job.name}'", RunError):
            known = read_corrected(job.folder) | dict.fromkeys(places, label)
            kept = {place: given for place, given in sorted(known.items()) if given and place < len(rows)}
            table = pd.DataFrame(
                {
                    "number": place,
                    "file": rows[place]["file"],
                    "predicted": rows[place].get("prediction", ""),
                    "class": given,
                }
                for place, given in kept.items()
            )
            columns = ["number", "file", "predicted", "class"]
            replace_file(job.folder / CORRECTED, csv_of(table.reindex(columns=columns)))
    except OSError as error:
        what, step = disk_problem(error) or (f"{error}.", "Make it writable")
        raise RunError(f"The correction was not stored. {what} {step}, then try again.") from None


def to_import(
    job: Job, rows: Sequence[Row], *, predicted: bool, corrected: bool, threshold: float | None
) -> list[FoundFile]:
    """The pictures of a job under their original names, for ``import_images``. Raises RunError.

    corrected: with the classes that people gave; predicted: with those of the model for all others that it names at
    this ``threshold``. What has neither is unlabelled.
    """
    files, _ = read_files(job.folder) or ([], [])
    given = read_corrected(job.folder) if corrected else {}
    found = []
    for place, (row, (name, path)) in enumerate(zip(rows, files, strict=False)):
        if "problem" not in row:
            said = named(row, threshold) if predicted else UNKNOWN
            found.append(FoundFile(name, path, given.get(place, "" if said == UNKNOWN else said)))
    return found
