"""The background process that predicts many pictures: ``python -m sealife_core.inference_worker FOLDER``.

FOLDER is that of a job, below a run; ``inference_jobs.py`` starts it. It goes on after the rows that are there. Errors
become one sentence in ``status.json``; the traceback is in the log.
"""

import shutil
from pathlib import Path

from sealife_core.datasets.imports.sources import files_in
from sealife_core.errors import DatasetError, RunError
from sealife_core.evaluation.batch_inference.inference_jobs import (
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
    status.tell("predicting", done, len(files))
    for block in predictor.blocks([path for _, path in files[done:]]):
        names = [name for name, _ in files[done : done + len(block)]]
        append_rows(folder, [row_of(*one, TOP, known) for one in zip(names, block, strict=True)])
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


def _validated(predictor: Predictor) -> Validated | None:
    try:
        return validated(predictor.folder, predictor.classes)
    except RunError:  # the confidences then stay as they are, which the page says
        return None


if __name__ == "__main__":
    end_with(main)
