"""What tests ask of the real processes they start."""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter


def dispatcher_pids(root: Path) -> list[int]:
    """The dispatchers that came to work below ``root``, the latest last."""
    log = root / ".dispatcher.log"
    return [int(pid) for pid in re.findall(r"dispatching, pid (\d+)", log.read_text())] if log.exists() else []


def end_processes(folder: Path) -> None:
    """Kill every process whose command names ``folder`` or something below it, until there is none."""
    while found := [process for process in psutil.process_iter() if str(folder) in _command(process)]:
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(found, timeout=30)


def _command(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait for ``condition`` to hold; what it returned."""
    deadline = time.monotonic() + seconds
    while True:
        begun = time.thread_time()
        if found := condition():
            return found
        assert time.monotonic() < deadline, "it did not happen in time"
        # A look that searches all processes takes milliseconds: a tenth of the time, which others need meanwhile.
        time.sleep(max(0.02, 9 * (time.thread_time() - begun)))


def order(root: Path) -> list[str]:
    """The ids of the runs whose worker began, in that order."""
    path = root / "order.txt"
    return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []


def end(run: Run, state: str = "finished") -> Run:
    """``run``, which says that it is in that state."""
    RunWriter(run).status(state=state)
    return run
