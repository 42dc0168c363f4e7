"""Whether ``last.ckpt``, the point that a run is resumed from, is whole: checked without PyTorch."""

import zipfile
from pathlib import Path

from sealife_core.errors import RunError
from sealife_core.runs.run import LAST, Run

BEGIN_ANEW = "Start the run from the beginning (in a shell: 'runs resume RUN --anew'), or restore the file from a copy."


class DamagedResumePoint(RunError):
    """A run cannot continue from its resume point: see :func:`damage`."""


def damage(run: Run, *, thorough: bool = False) -> str:
    """What is wrong with the resume point of ``run``, a sentence; "" where it is whole or there is none.

    thorough: read all of it. Otherwise only the zip directory at its end is read, and what the worker has found.
    """
    point = run.path / LAST
    if not point.exists():
        return ""
    error = run.status().get("error") or {}
    if error.get("damaged") == LAST:
        return error.get("what") or ""
    wrong = _wrong(point, thorough)
    return f"The resume point of run '{run.id}' ({LAST}) is damaged: {wrong}." if wrong else ""


def _wrong(point: Path, thorough: bool) -> str:
    if not point.stat().st_size:
        return "it is empty"
    try:
        with zipfile.ZipFile(point) as parts:
            broken = parts.testzip() if thorough else None
    except (zipfile.BadZipFile, EOFError, NotImplementedError):
        return "it is incomplete"
    return f"its part '{broken}' was changed after it was written" if broken else ""
