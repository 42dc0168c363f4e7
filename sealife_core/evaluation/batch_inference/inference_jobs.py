"""Many pictures under the model of a run, by a process of its own: a closed tab or a restarted server does not end it.

RUN/predicted/<id>/
  request.json   written by the caller: what the pictures are called, where they are, when it was asked for
  files.json     [name, path] of every file, in their order; written by the process, for uploads by the caller
  pictures/      uploads, or an unpacked zip
  model.txt      SHA-256 of the model that its rows are of; written by the process
  rows.jsonl     a line a file, in their order, appended in whole blocks: what is there is not predicted again
  corrected.csv  the classes that people gave (corrected_classes.py)
  stop           nothing: the process ends after the present block
  process.json, status.json, log.txt     as in side_process.py
RUN/predicted/.trash/            deleted ones, as in trash.py

Imports no torch.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from sealife_core import trash
from sealife_core.claims import claim_of, claimed_folder, move_into_place
from sealife_core.datasets.imports.finding import Files, Skipped
from sealife_core.durable import append_lines, flush_tree, held, replace_file
from sealife_core.errors import DatasetError, RunError, disk_errors
from sealife_core.evaluation.batch_inference.inference_rows import Row
from sealife_core.folders import path_of
from sealife_core.neutral import printable
from sealife_core.runs.contents import PROJECTION_SHAPE
from sealife_core.runs.files import readable_json, replace_json
from sealife_core.runs.scheduling.side_process import REQUEST, STATUS, last_words, lives, start_anew
from sealife_core.wording import counted

PREDICTED, LOCK = "predicted", ".predicted.lock"
FILES, ROWS, STOP, PICTURES, MODEL = "files.json", "rows.jsonl", "stop", "pictures", "model.txt"
TOP = 5  # classes of a picture that are kept
_NEW, _ZIP = ".new-", f"{PICTURES}.zip"


@dataclass(frozen=True)
class InferenceJob:
    """What was asked for, and how far it is: ``done`` of ``total`` files (0: not known). ``error`` if it failed.
    ``source``: a path, relative to ``folder`` for an uploaded zip; "" for uploaded pictures.

    A job that is "stopped" goes on where it is with :func:`resume`; so does one that "failed", and one whose process
    was lost, which counts as stopped. ``made``: unix seconds. stopping: somebody has asked for the end.
    """

    folder: Path
    name: str
    source: str
    made: float
    state: Literal["running", "stopped", "done", "failed"]
    stage: str
    done: int
    total: int
    error: str
    stopping: bool

    @property
    def id(self) -> str:
        """The name of its folder."""
        return self.folder.name


def jobs_of(run_path: Path) -> list[InferenceJob]:
    """The jobs of a run, the newest first."""
    found = [job for folder in (run_path / PREDICTED).glob("[!.]*") if (job := job_in(folder))]
    return sorted(found, key=lambda job: (job.made, job.id), reverse=True)


def job_in(folder: Path) -> InferenceJob | None:
    """The job in ``folder`` as it is on disk; None if there is none."""
    request = readable_json(folder / REQUEST)
    if not isinstance(request.get("name"), str):
        return None
    status = readable_json(folder / STATUS, PROJECTION_SHAPE)
    state, error = status.get("state"), status.get("error") or ""
    if state not in ("stopped", "done", "failed"):
        state = "running" if lives(folder, status) else "stopped"
        if state == "stopped" and (last := last_words(folder)):
            error = f"The process ended before it was done, perhaps because memory ran out.{last}"
    source, made = request.get("source"), request.get("made")
    source, made = source if isinstance(source, str) else "", made if isinstance(made, int | float) else 0.0
    return InferenceJob(
        folder, request["name"], source, made, state,
        status.get("stage") or "", status.get("done") or 0, status.get("total") or 0, error, (folder / STOP).exists(),
    )  # fmt: skip


def begin(run_path: Path, source: str) -> InferenceJob:
    """Start a job for a folder, a zip or a picture on this machine, unless one is at work. Raises SealifeError."""
    path = path_of(source).resolve()
    if not path.exists():
        raise DatasetError(
            f"There is nothing at '{printable(source)}'. Expected a folder of pictures, or a zip of one."
        )
    return _begin(run_path, printable(path.name), str(path), str(path), lambda folder: None)


def begin_uploads(run_path: Path, files: Sequence[tuple[str, IO[bytes]]]) -> InferenceJob:
    """Start a job for uploads, (name, content) each: pictures, perhaps in a folder, or one zip.

    Refused while a job for files of the same names and sizes is at work. Raises SealifeError.
    """
    asked = sha256(repr([(name, content.seek(0, os.SEEK_END)) for name, content in files]).encode()).hexdigest()
    for _, content in files:
        content.seek(0)
    if len(files) == 1 and files[0][0].lower().endswith(".zip"):
        name, content = files[0]
        return _begin(run_path, printable(name), _ZIP, asked, lambda folder: _copy(content, folder / _ZIP))

    def fill(folder: Path) -> None:
        (folder / PICTURES).mkdir()
        for number, (_, content) in enumerate(files):
            _copy(content, folder / PICTURES / str(number))
        names = [(PurePosixPath(name), Path(PICTURES) / str(number)) for number, (name, _) in enumerate(files)]
        write_files(folder, names, [])

    folders = {name.rpartition("/")[0].partition("/")[0] for name, _ in files}
    called = printable(folders.pop()) if len(folders) == 1 else ""
    return _begin(run_path, called or counted(len(files), "dropped picture"), "", asked, fill)


def resume(job: InferenceJob) -> InferenceJob:
    """Start the process of a job that is not done, unless it is at work. Raises RunError."""
    with _locked(job.folder):
        status = readable_json(job.folder / STATUS, PROJECTION_SHAPE)
        if status.get("state") == "done" or (status.get("state") == "running" and lives(job.folder, status)):
            return job
        (job.folder / STOP).unlink(missing_ok=True)
        start_anew(job.folder, "sealife_core.inference_worker", status | {"error": ""})
    return job_in(job.folder) or job


def stop(job: InferenceJob) -> None:
    """Ask the process of a job to end after the pictures that it has before it. Raises RunError."""
    with _disk_errors(job.folder):
        (job.folder / STOP).touch()


def delete(job: InferenceJob) -> None:
    """Move a job that is not at work to the trash, with its uploads, rows and corrections. Raises RunError."""
    with _locked(job.folder):
        now = job_in(job.folder)
        if now is None:
            raise RunError(f"Someone else has just deleted '{job.name}'.")
        if now.state == "running":
            raise RunError(f"'{job.name}' is being classified. Stop it first.")
        trash.put(job.folder)


def restore(run_path: Path, job_id: str) -> InferenceJob:
    """Take a job out of the trash. Raises RunError."""
    placed = run_path / PREDICTED / job_id
    with _locked(placed):
        deleted = trash.find(placed.parent, job_id)
        if deleted is None:
            raise RunError(f"The predictions {job_id!r} of '{run_path.name}' are not in the trash any more.")
        trash.take_out(deleted)
    if (job := job_in(placed)) is None:
        raise RunError(f"The predictions {job_id!r} of '{run_path.name}' are damaged: {REQUEST} cannot be read.")
    return job


def trashed(run_path: Path) -> list[str]:
    """The ids of the jobs of a run in the trash, the last deleted first."""
    return [trash.name_of(entry) for entry in trash.entries(run_path / PREDICTED)]


def empty_trash(run_path: Path) -> int:
    """Remove the jobs in the trash for good; returns the bytes freed. Raises RunError."""
    with _disk_errors(run_path / PREDICTED):
        return trash.empty(run_path / PREDICTED, lambda parent: _locked(parent / trash.TRASH))


# -- what lies in the folder -------------------------------------------------------------------------------------------


def write_files(folder: Path, files: Files, skipped: Skipped) -> None:
    """Store which files a job is of: their names, and their paths, relative to ``folder`` or absolute."""
    listed = [[printable(str(place)), os.fsdecode(path)] for place, path in files]
    replace_file(folder / FILES, json.dumps({"files": listed, "skipped": skipped}))  # paths may be no UTF-8: in ASCII


def read_files(folder: Path) -> tuple[list[tuple[str, Path]], Skipped] | None:
    """(name, path) of every file of a job, and (name, reason) of what is none; None before they are known."""
    try:
        found = json.loads((folder / FILES).read_bytes())
        return (
            [(str(name), folder / path) for name, path in found["files"]],
            [(str(name), str(reason)) for name, reason in found["skipped"]],
        )
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        return None


def read_rows(folder: Path) -> list[Row]:
    """The rows that are there: what follows the last newline is half written. Raises RunError if one is damaged."""
    try:
        return [json.loads(line) for line in _whole(folder).splitlines()]
    except (ValueError, RecursionError) as error:
        raise RunError(f"{ROWS} in {folder} is damaged ({error}). Delete these predictions, and ask again.") from None


def rows_done(folder: Path) -> int:
    """How many rows are there."""
    return _whole(folder).count(b"\n")


def append_rows(folder: Path, rows: Iterable[Row]) -> None:
    """Append ``rows`` and flush them to the disk."""
    append_lines(folder / ROWS, b"".join(json.dumps(row).encode() + b"\n" for row in rows))


def _whole(folder: Path) -> bytes:
    try:
        data = (folder / ROWS).read_bytes()
    except FileNotFoundError:
        return b""
    return data[: data.rfind(b"\n") + 1]


def _begin(run_path: Path, name: str, source: str, asked: str, fill: Callable[[Path], object]) -> InferenceJob:
    """``asked`` stands for what is asked for: a second click does not start it again."""
    parent = run_path / PREDICTED
    with _disk_errors(parent):
        parent.mkdir(parents=True, exist_ok=True)
        with _locked(parent / _NEW):
            built = claimed_folder(parent, _NEW, asked=asked)
            again = _at_work(run_path, asked, built)
        try:
            if again:
                raise RunError(f"'{name}' is being classified already. Wait until that is done, or stop it.")
            fill(built)
            replace_json(built / REQUEST, {"name": name, "source": source, "made": time.time(), "asked": asked})
            flush_tree(built)
            placed = parent / trash.free_name(parent)
            move_into_place(built, placed)
        except BaseException:
            shutil.rmtree(built, ignore_errors=True)
            raise
    job = job_in(placed)
    assert job is not None
    return resume(job)


def _at_work(run_path: Path, asked: str, built: Path) -> bool:
    """Whether a job for the same is being built, elsewhere than in ``built``, or runs."""
    others = (claim_of(folder) for folder in built.parent.glob(f"{_NEW}*") if folder != built)
    running = (readable_json(job.folder / REQUEST) for job in jobs_of(run_path) if job.state == "running")
    return any(about.get("asked") == asked for about in (*others, *running))


def _copy(content: IO[bytes], to: Path) -> None:
    with to.open("wb") as file:
        shutil.copyfileobj(content, file)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Against two callers at the same time."""
    with (
        _disk_errors(folder),
        held(folder.parent / LOCK, f"The predictions in '{folder.parent.parent.name}'", RunError),
    ):
        yield


def _disk_errors(where: Path) -> AbstractContextManager[None]:
    return disk_errors(RunError, f"The predictions cannot be stored in '{where.name}'.", "Make it writable")
