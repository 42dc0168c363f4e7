"""The processes of a run on several devices (DDP): the worker is rank 0 and starts one process for each other rank.

``python -m sealife_core.worker --ddp RUN_DIR`` is a child of the worker in its process group, and its standard
input is one end of a socket pair. Nothing is sent while all is well: a closed socket means that the other end is gone,
for whatever reason. A process whose socket is closed ends at once, so that a killed worker leaves none behind. A worker
that loses a process fails with a sentence, also while PyTorch waits for an answer from it.

A process that fails sends the reason as JSON before it ends. It writes nothing into the run directory.
"""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from sealife_core.environment import LOCAL_RANK
from sealife_core.errors import SealifeError, TrainingError
from sealife_core.runs.liveness import State
from sealife_core.runs.scheduling.spawning import PROJECT
from sealife_core.runs.state_sentences import exit_said
from sealife_core.runs.writer import RunWriter

DDP_FLAG = "--ddp"
HEARD_S = 2.0  # between an error of the communication and the closed socket that explains it
NOTICED_S = 5.0  # a worker that waits for an answer notices the end of a process within milliseconds, if it ever does
LEAVE_S = 10.0  # to shut PyTorch down


def ddp_command(folder: Path) -> list[str]:
    """The command of a process that trains the run in ``folder`` together with its worker."""
    return [sys.executable, "-m", "sealife_core.worker", DDP_FLAG, str(folder)]


class DDPProcesses:
    """The worker's side: the processes of ranks 1 … ``count``, for as long as the context lasts.

    environment: their variables beside ``LOCAL_RANK``. If one is lost the context ends with a TrainingError; a worker
    that does not get there within NOTICED_S writes the failure and ends itself.
    """

    def __init__(self, run: RunWriter, count: int, environment: Mapping[str, str]) -> None:
        self._run, self._count, self._environment = run, count, dict(environment)
        self._children: list[subprocess.Popen[bytes]] = []
        self._lines: list[socket.socket] = []
        self._listeners: list[threading.Thread] = []
        self._lost: str | None = None
        self._cut, self._ending, self._lock = threading.Event(), threading.Event(), threading.Lock()

    def __enter__(self) -> "DDPProcesses":
        try:
            for number in range(1, self._count + 1):
                self._start(number)
        except OSError:
            self._dismiss(patience_s=0.0)
            raise
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, RuntimeError):  # perhaps of the communication: a process may be gone
            self._cut.wait(HEARD_S)
        with self._lock:
            self._ending.set()
        self._dismiss(patience_s=LEAVE_S if error is None else 0.0)
        own = isinstance(error, SealifeError) or (error is not None and not isinstance(error, Exception))
        if self._lost is not None and not own:
            raise TrainingError(self._lost) from error

    def _start(self, number: int) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            child = subprocess.Popen(
                ddp_command(self._run.path),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,  # it would repeat the worker; its errors go into the same log
                cwd=PROJECT,
                env=os.environ | self._environment | {LOCAL_RANK.name: str(number)},
            )
        self._children.append(child)
        self._lines.append(ours)
        self._listeners.append(threading.Thread(target=self._listen, args=(number, child, ours), daemon=True))
        self._listeners[-1].start()

    def _listen(self, number: int, child: subprocess.Popen[bytes], line: socket.socket) -> None:
        said = _all_of(line)
        code = child.wait()
        with self._lock:
            if self._ending.is_set():
                return
            if self._lost is None:
                self._lost = _loss(number + 1, self._count + 1, code, said)
            self._cut.set()
        if not self._ending.wait(NOTICED_S):
            error = {"what": self._lost, "next": ""}
            try:
                self._run.status(state=State.FAILED, stage="", message="", error=error)
                print(self._lost, file=sys.stderr, flush=True)
            finally:  # also where a full disk takes neither: else the worker would hang for ever
                for other in self._children:
                    other.kill()
                os._exit(1)

    def _dismiss(self, patience_s: float) -> None:
        """Close the sockets; a process that does not end by itself is killed."""
        for line in self._lines:
            with suppress(OSError):  # it was closed at the other end
                line.shutdown(socket.SHUT_WR)
        for child in self._children:
            if not patience_s:
                child.kill()
            try:
                child.wait(patience_s or None)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        for listener in self._listeners:
            listener.join()


class Leader:
    """The side of the other processes: the socket to the worker, on standard input. This process ends with it."""

    def __init__(self) -> None:
        self._line = socket.socket(fileno=os.dup(0))
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        _all_of(self._line)
        os._exit(0)

    def tell(self, what: str, then: str) -> None:
        """Tell the worker why this process ends, and what to do."""
        self._line.sendall(json.dumps({"what": what, "next": then}).encode())


class ReadOnlyWriter(RunWriter):
    """The run for the other processes: they may read all of it and write nothing, because the worker does."""

    def _nothing(self, *_: object, **values: object) -> None:
        """Write nothing."""

    status = metric = resumed_from = environment = results = _nothing


def _all_of(line: socket.socket) -> bytes:
    """All that the other end sends until it is gone."""
    said = b""
    with line, suppress(OSError):  # it may close while we read
        while part := line.recv(4096):
            said += part
    return said


def _loss(number: int, count: int, code: int, said: bytes) -> str:
    """Why a process was lost: the reason that it sent, else its exit code."""
    with suppress(ValueError, KeyError, TypeError):
        words = json.loads(said)
        return f"On device {number} of {count}: {words['what']} {words['next']}".strip()
    return (
        f"The process of device {number} of {count} {exit_said(code)}, and the others cannot continue without it."
        " Resume the run: it continues from its last resume point."
    )
