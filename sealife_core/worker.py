"""The background process of one run: ``python -m sealife_core.worker RUN_DIR``.

It knows no screen: it reports through files in the run directory. An error becomes one sentence with a next step in
``status.json``; the traceback stays in the log. With ``--ready`` instead of a directory it is pre-warmed and forks a
process for each run that it is given later (``prewarmed_worker.py``); with ``--ddp`` before it, it is one of several
processes that train a run (``ddp_processes.py``).
"""

import gc
import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from sealife_core.config import AnyConfig, Request, SearchConfig, StudyConfig
from sealife_core.errors import SealifeError, disk_problem, is_out_of_memory
from sealife_core.neutral import terminal_lines
from sealife_core.runs.resume_check import BEGIN_ANEW, DamagedResumePoint
from sealife_core.runs.run import LAST, Run
from sealife_core.runs.scheduling.ddp_processes import DDP_FLAG, HEARD_S, Leader, ReadOnlyWriter
from sealife_core.runs.scheduling.fork_server import serve
from sealife_core.runs.scheduling.prewarmed_worker import READY_FLAG
from sealife_core.runs.writer import RunWriter, Superseded
from sealife_core.studies.coordinator import coordinate

Train = Callable[[AnyConfig, RunWriter], bool]


class Terminated(BaseException):
    """The process was told to end at once (TERM)."""


def import_training() -> Train:
    """What carries out a run. PyTorch comes with it, so this takes seconds.

    No garbage is collected meanwhile, which would take a fifth of them. What came is never searched for it: most of its
    800,000 objects stay, and the others hold 8 MB.
    """
    gc.disable()
    try:
        from sealife_core.training.train import train
    finally:
        gc.freeze()
        gc.enable()
    return train


def main(folder: Path, training: Callable[[], Train] = import_training) -> int:
    """Carry out the run in ``folder``. Returns the exit status: 0 finished or stopped, 1 failed."""
    try:
        return _main(RunWriter(Run(folder)), training)
    except Superseded:
        print("Another process has taken over this run. This process writes nothing more.", flush=True)
        return 0


def _main(run: RunWriter, training: Callable[[], Train]) -> int:
    signal.signal(signal.SIGTERM, _terminate)
    loading = "" if run.run.launches_runs else "loading PyTorch"
    run.status(state="running", stage="starting", message=loading, started=time.time(), ended=None, error=None)
    try:
        finished = _carry_out(run.run.request(), run, training)
    except Terminated:
        run.status(
            state="stopped",
            stage="",
            message="ended at once; the run can be resumed from its last resume point",
            ended=time.time(),
        )
        return 0
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last handler: every error is reported
        print(terminal_lines(traceback.format_exc()), file=sys.stderr, flush=True)
        told = explain(error)
        try:
            run.status(state="failed", stage="", message="", error=told, ended=time.time())
        except OSError as lost:  # such as a full disk: only the log is left
            print(f"{told['what']} {told['next']} This could not be saved: {lost.strerror}.", file=sys.stderr)
        return 1
    outcome, last_words = "stopped", "stopped; what was learned so far is saved, and the run can be resumed"
    if finished:
        outcome = last_words = "finished"
    run.status(state=outcome, stage="", message=last_words, ended=time.time())
    if finished:  # last: a run that is killed before, or superseded, is still resumed from them
        run.drop_checkpoints()
    return 0


def _carry_out(request: Request, run: RunWriter, training: Callable[[], Train]) -> bool:
    """Whether it finished (False: it was stopped)."""
    if isinstance(request, StudyConfig):
        return coordinate(request, run)
    if isinstance(request, SearchConfig):
        from sealife_core.studies.search_process import search  # Optuna comes with it: a second

        return search(request, run)
    return training()(request, run)


def ready() -> int:
    """Import what training needs, then fork a process for each run that is given. Returns the exit status: 0."""
    train = import_training()
    import timm  # noqa: F401 - most runs need it: .6 s

    return serve(lambda folder: main(folder, lambda: train))


def train_beside(folder: Path) -> int:
    """Train the run in ``folder`` together with the worker that started this process. Ends only in an error: 1.

    The worker ends it after the last step. Signals to end are left to the worker, which saves the state of the run.
    """
    leader = Leader()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")  # the worker prints the same ones
    try:
        run = ReadOnlyWriter(Run(folder))
        import_training()(run.config(), run)
    except Exception as error:  # noqa: BLE001 - the last handler: every error is reported
        if isinstance(error, RuntimeError):
            time.sleep(2 * HEARD_S)  # where the cause is another's end, the worker's end comes first
        print(terminal_lines(traceback.format_exc()), file=sys.stderr, flush=True)
        told = explain(error)
        leader.tell(told["what"], told["next"])
    return 1


# What torch, safetensors and zipfile raise over a damaged file. By name: PyTorch need not be there.
_UNREADABLE = ("BadZipFile", "EOFError", "SafetensorError", "UnpicklingError")


def explain(error: BaseException) -> dict[str, str]:
    """What happened and what to do next, for a person: {"what": …, "next": …}; ``damaged`` names the resume point."""
    text = str(error)
    if isinstance(error, DamagedResumePoint):
        return {"what": text, "next": BEGIN_ANEW, "damaged": LAST}
    if isinstance(error, SealifeError):
        return {"what": text, "next": ""}
    if is_out_of_memory(error):
        return {
            "what": "The machine ran out of memory.",
            "next": "Clone the run with half the batch size or smaller images.",
        }
    if (problem := disk_problem(error)) is not None:
        return {"what": problem[0], "next": f"{problem[1]}, then resume the run."}
    if isinstance(error, KeyboardInterrupt):
        return {"what": "The process was interrupted from the keyboard.", "next": "Resume the run."}
    first = text.strip().splitlines()[0] if text.strip() else "no message"
    if type(error).__name__ in _UNREADABLE or "PytorchStreamReader" in text:
        return {
            "what": f"A file that the run needs is damaged ({type(error).__name__}: {first}).",
            "next": "The log below says which. Restore it from a copy, or start the run from the beginning.",
        }
    return {"what": f"{type(error).__name__}: {first}", "next": "The log below shows the full traceback."}


def _terminate(signum: int, frame: FrameType | None) -> None:
    raise Terminated


def _leave(code: int) -> None:
    """End this process now. Everything is written, and unloading PyTorch would delay the next run by a second."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    if sys.argv[1] == DDP_FLAG:
        _leave(train_beside(Path(sys.argv[2])))
    _leave(ready() if sys.argv[1] == READY_FLAG else main(Path(sys.argv[1])))
