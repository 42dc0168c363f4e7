"""The classes that people gave to predicted pictures: ``corrected.csv`` of a job, a line each, with who and when.

The pictures become a data set of their own, or join the one that the model learned from. Imports no torch.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from sealife_core.datasets.additions import Addition, add_pictures
from sealife_core.datasets.corrections.entries import PREDICTION
from sealife_core.datasets.corrections.exchange import utc_time
from sealife_core.datasets.dataset import open_dataset
from sealife_core.datasets.given_classes import ByHand
from sealife_core.datasets.imports.finding import FoundFile, clean_label, too_long
from sealife_core.durable import held, replace_file
from sealife_core.errors import DatasetError, RunError, disk_errors
from sealife_core.evaluation.batch_inference.inference_jobs import InferenceJob, read_files
from sealife_core.evaluation.batch_inference.inference_rows import UNKNOWN, Row, is_named
from sealife_core.neutral import csv_of, csv_text
from sealife_core.progress import Progress
from sealife_core.runs.run import Run
from sealife_core.wording import counted

CORRECTED, LOCK = "corrected.csv", ".corrected.lock"
_COLUMNS = ("file", "predicted", "class")
_TOLD = ("by", "at")  # files of earlier versions of this program lack them


def read_corrected(folder: Path) -> dict[int, str]:
    """Place of a picture in the job → the class that a person gave it. Raises RunError if the file is damaged."""
    return {place: line["class"] for place, line in _lines(folder).items()}


def read_given(folder: Path) -> dict[int, ByHand]:
    """As :func:`read_corrected`, with who gave each class, and when."""
    return {place: ByHand(line["class"], line["by"], line["at"]) for place, line in _lines(folder).items()}


def _lines(folder: Path) -> dict[int, dict[str, str]]:
    """Place of a picture in the job → its file, the predicted class, that of a person, who it was and when."""
    try:
        text = (folder / CORRECTED).read_bytes().decode()
        rows = csv.DictReader(io.StringIO(text, newline=""))
        return {int(row["number"]): _line(row) for row in rows}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, LookupError, DatasetError) as error:
        raise RunError(f"{CORRECTED} in {folder} is damaged ({error}). Repair it, or remove it.") from None


def _line(row: dict[str, str]) -> dict[str, str]:
    told = {name: csv_text(row.get(name) or "") for name in _TOLD}
    return {name: csv_text(row[name]) for name in _COLUMNS} | told | {"at": utc_time(told["at"])}


def correct(job: InferenceJob, rows: Sequence[Row], places: Iterable[int], label: str, by: str = "") -> None:
    """Give the pictures at ``places`` the class ``label``, or ("") none. Two people at once: both are kept.

    by: who does it. Raises RunError.
    """
    label = clean_label(label)
    if label.casefold() == UNKNOWN:
        raise RunError(f"'{UNKNOWN}' is what a picture below the threshold is called. Choose another name.")
    if problem := too_long("class", label):
        raise RunError(f"{problem} Choose a shorter name.")
    with (
        disk_errors(RunError, "The correction was not stored.", "Make it writable"),
        held(job.folder / LOCK, f"The corrections of '{job.name}'", RunError),
    ):
        known = _lines(job.folder)
        for place in places:
            row = rows[place]
            told = {"file": row["file"], "predicted": row.get("prediction", ""), "class": label}
            known[place] = told | {"by": by.strip(), "at": datetime.now(UTC).isoformat(timespec="seconds")}
        table = pd.DataFrame([{"number": place} | line for place, line in sorted(known.items()) if line["class"]])
        replace_file(job.folder / CORRECTED, csv_of(table.reindex(columns=["number", *_COLUMNS, *_TOLD])))


def part_of(job: InferenceJob, rows: Sequence[Row]) -> str:
    """ "500 of 10,000 pictures", as long as ``rows`` are not those of all files of the job; "" once they are."""
    return f"{len(rows):,} of {counted(job.total, 'picture')}" if len(rows) < job.total else ""


def to_import(
    job: InferenceJob, rows: Sequence[Row], *, predicted: bool, corrected: bool, threshold: float | None
) -> list[FoundFile]:
    """The pictures that ``rows`` are of under their original names, for ``import_images``. Raises RunError.

    corrected: with the classes that people gave; predicted: with those of the model for all others that it names at
    this ``threshold``. What has neither is unlabelled.
    """
    files, _ = read_files(job.folder) or ([], [])
    given = read_corrected(job.folder) if corrected else {}
    found = []
    for place, (row, (name, path)) in enumerate(zip(rows, files, strict=False)):
        if "problem" not in row:
            said = row["prediction"] if predicted and is_named(row, threshold) else ""
            found.append(FoundFile(name, path, given.get(place, said)))
    return found


def add_to_dataset(
    run: Run, job: InferenceJob, rows: Sequence[Row], *, by: str = "", progress: Progress | None = None
) -> Addition:
    """Add the pictures that ``rows`` are of to the data set that the model of ``run`` learned from, as training images.

    Classes that people gave are labels; all other pictures are unlabelled, and wait in the label queue. Raises
    SealifeError; then nothing is added.
    """
    config = run.config()
    dataset = open_dataset(config.data)
    files = to_import(job, rows, predicted=False, corrected=False, threshold=None)
    given = read_given(job.folder)
    by_hand = [given.get(place) for place, row in enumerate(rows) if "problem" not in row]
    if len(files) < len(by_hand):
        raise RunError(f"The list of files of '{job.name}' is damaged. Delete these predictions, and ask again.")
    version = dataset.version_of(config.data_hash)
    return add_pictures(dataset, files, by_hand, by=by, why=PREDICTION, version=version, progress=progress)
