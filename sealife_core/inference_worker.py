"""The background process that predicts many pictures: ``python -m sealife_core.inference_worker FOLDER``.

FOLDER is that of a job, below a run; ``inference_jobs.py`` starts it. It goes on after the rows that are there. Errors
become one sentence in ``status.json``; the traceback is in the log.
"""

import hashlib
import shutil
from pathlib import Path

from sealife_core.datasets.imports.sources import files_in
from sealife_core.durable import replace_file
from sealife_core.errors import DatasetError, RunError
from sealife_core.evaluation.batch_inference.inference_jobs import (
    MODEL,
    PICTURES,
    STOP,
    TOP,
    append_rows,
    job_in,
    read_files,
    rows_done,
    write_files,
)
from sealife_core.evaluation.batch_inference.inference_rows import row_of
from sealife_core.evaluation.classification.predictor import Predictor
from sealife_core.evaluation.classification.selective import Validated, validated
from sealife_core.models.checkpoint import WEIGHTS_FILE
from sealife_core.runs.scheduling.side_process import StatusFile, carry_out, end_with


def main(folder: Path) -> int:
    """Predict what is left of the job in ``folder``. Returns the exit status: 0 done or stopped, 1 failed."""
    return carry_out(folder, predict, "Close other programs, then go on.")


def predict(folder: Path, status: StatusFile) -> None:
    """Append a row for every file that has none, until all have one or somebody asks to stop."""
    status.tell("finding pictures", 0, 0)
    files = _files(folder, status)
    status.tell("reading the model", 0, 0)
    predictor = Predictor(folder.parent.parent)
    known = _validated(predictor)
    done = rows_done(folder)
    _check_model(folder, predictor.folder / WEIGHTS_FILE, done)
    status.tell("predicting", done, len(files))
    for block in predictor.blocks([path for _, path in files[done:]]):
        of_block = files[done : done + len(block)]
        if not all(path.exists() for _, path in of_block):
            _check_source(folder)
        append_rows(folder, [row_of(name, found, TOP, known) for (name, _), found in zip(of_block, block, strict=True)])
        done += len(block)
        stopped = done < len(files) and (folder / STOP).exists()
        status.write(done=done, total=len(files), **({"state": "stopped"} if stopped else {}))
        if stopped:
            return
    status.write(state="done", stage="", done=done, total=len(files))


def _files(folder: Path, status: StatusFile) -> list[tuple[str, Path]]:
    """What is to be predicted: as found the first time, because a row belongs to a place in that list."""
    if (known := read_files(folder)) is None:
        job = job_in(folder)
        if job is None or not job.source:
            raise RunError("The request is damaged. Delete it, and ask again.")
        shutil.rmtree(folder / PICTURES, ignore_errors=True)  # of a process that was lost while it unpacked
        write_files(folder, *files_in(folder / job.source, folder / PICTURES, status.tell))
        known = read_files(folder)
    files, skipped = known or ([], [])
    if not files:
        first = f" '{skipped[0][0]}': {skipped[0][1]}" if skipped else ""
        raise DatasetError(f"There is no picture in it.{first}")
    return files


def _check_model(folder: Path, weights: Path, done: int) -> None:
    """Raises RunError if the rows that are there are of another model than ``weights``."""
    with weights.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    known = folder / MODEL
    if done and known.exists() and known.read_text() != digest:
        raise RunError("The model has changed since these predictions began. Delete them, and ask again.")
    replace_file(known, digest)


def _check_source(folder: Path) -> None:
    """Raises DatasetError if the folder or zip is not there any more, as of a disk that was taken away: what is left
    can be predicted when it is back."""
    job = job_in(folder)
    source = folder / job.source if job and job.source else folder
    if not source.exists() or (source.is_dir() and not any(source.iterdir())):
        raise DatasetError(f"'{source}' is not there any more. Connect its disk, then go on.")


def _validated(predictor: Predictor) -> Validated | None:
    try:
        return validated(predictor.folder, predictor.classes)
    except RunError:  # the confidences then stay as they are, which the page says
        return None


if __name__ == "__main__":
    end_with(main)
