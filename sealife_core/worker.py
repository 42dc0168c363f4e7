"""The background process of one run: ``python -m sealife_core.worker RUN_DIR``.

It knows no screen: what it has to say it writes into the run directory. An error becomes one sentence with a way out in
``status.json``; the traceback stays in the log.
"""

import signal
import sys
import time
import traceback
from pathlib import Path
from types import FrameType

from sealife_core.errors import SealifeError
from sealife_core.runs.directory import Run
from sealife_core.runs.writer import RunWriter


class Terminated(BaseException):
    """The process was told to end at once (TERM)."""


def main(folder: Path) -> int:
    """Carry out the run in ``folder``. Returns the exit status: 0 finished or stopped, 1 failed."""
    run = RunWriter(Run(folder))
    signal.signal(signal.SIGTERM, _terminate)
    run.status(
        state="running", stage="starting", message="loading PyTorch", started=time.time(), ended=None, error=None
    )
    try:
        config = run.run.config()
        from sealife_core.training.recipes import train

        finished = train(config, run)
    except Terminated:
        run.status(
            state="stopped", stage="", message="ended at once; the last saved epoch can be resumed", ended=time.time()
        )
        return 0
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last line of defence: all of them are told
        traceback.print_exc()
        run.status(state="failed", stage="", message="", error=explain(error), ended=time.time())
        return 1
    outcome = "finished" if finished else "stopped"
    run.status(state=outcome, stage="", message=_LAST_WORDS[outcome], ended=time.time())
    return 0


_LAST_WORDS = {
    "finished": "finished",
    "stopped": "stopped; what was learned so far is saved, and the run can be resumed",
}


def explain(error: BaseException) -> dict[str, str]:
    """What happened and what to do next, for a person: {"what": …, "next": …}."""
    text = str(error)
    if isinstance(error, SealifeError):
        return {"what": text, "next": ""}
    if isinstance(error, MemoryError) or "out of memory" in text.lower() or "can't allocate memory" in text:
        return {
            "what": "The machine ran out of memory.",
            "next": "Clone the run with half the batch size or smaller images.",
        }
    if isinstance(error, OSError) and error.errno == 28:
        return {"what": "The disk is full.", "next": "Delete runs or data sets that are no longer needed, then resume."}
    if isinstance(error, KeyboardInterrupt):
        return {"what": "The process was interrupted from the keyboard.", "next": "Resume the run."}
    first = text.strip().splitlines()[0] if text.strip() else "no message"
    return {"what": f"{type(error).__name__}: {first}", "next": "The log below has the whole traceback."}


def _terminate(signum: int, frame: FrameType | None) -> None:
    raise Terminated


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
