"""A process that has imported PyTorch and forks a worker for each run: the import is paid once, not by each run.

The dispatcher holds one end of a socket (:class:`ForkServer`), the server the other (:func:`serve`). The dispatcher
asks for a worker by sending one end of a pipe, through which the worker is given its order. The server tells its pid,
and later its exit code, which only a parent learns. The server ends with the dispatcher; its workers stay.

A run is handed over in three steps. If a process is killed between two of them, the run is either still queued or has a
known process:

1. the order (run directory, log, environment) is written into the pipe, without effect so far;
2. process.json names the worker: from now on it is the process of the run;
3. the pipe is closed, by the dispatcher or by its end.

The worker waits for that. If process.json then names it, it carries out the run; else it ends silently.

Nothing may have been computed before a fork: threads of PyTorch would be missing in the worker. Where a fork after an
import is not safe (macOS), or the end of a process cannot be waited for beside other things (an old kernel), the server
does not fork but becomes the worker, and serves one run.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from sealife_core.processes import identity
from sealife_core.runs.files import LOG
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.spawning import reap, spawn

STDIN = 0
PATIENCE_S = 5.0  # a fork takes some 20 ms
MESSAGE_BYTES = 4096


def _can_fork() -> bool:
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):  # some builds of Python have no such function, kernels before 5.3 refuse
        return False
    return True


FORKS = _can_fork()


class ForkServer:
    """The dispatcher's side."""

    def __init__(self, command: list[str], log: Path) -> None:
        """Start ``command``, which calls :func:`serve`. Raises OSError."""
        self._channel, theirs = socket.socketpair()
        with theirs:
            self.process = spawn(command, log, stdin=theirs.fileno())
        self._channel.setblocking(False)
        self.is_ready = False
        self.is_gone = False  # it tells nothing more
        self._is_let_go = False
        self.codes: dict[int, int | None] = {}  # worker → its exit code once it has ended
        self._answer: int | None = None  # to the last request: the worker's pid, or 0 where it could not be forked
        self._unread = b""

    def listen(self) -> None:
        """Take in what it has told."""
        while not self.is_gone:
            try:
                told = self._channel.recv(MESSAGE_BYTES)
            except BlockingIOError:
                return
            except ConnectionError:
                told = b""
            *lines, self._unread = (self._unread + told).split(b"\n")
            for line in lines:
                self._take_in(json.loads(line))
            if not told or (self._is_let_go and not self.is_at_work):
                self._close()

    def _take_in(self, message: dict[str, Any]) -> None:
        self.is_ready = True
        if "code" not in message:
            self._answer = message.get("pid")
        if pid := message.get("pid"):
            self.codes[pid] = message.get("code")

    def _close(self) -> None:
        self.is_gone = True
        self._channel.close()

    @property
    def is_at_work(self) -> bool:
        """Whether one of its workers is."""
        return None in self.codes.values()

    def fork(self) -> "ForkedWorker | subprocess.Popen[bytes] | None":
        """A new worker that waits for its order on its ``stdin``; None if the server has died or does not answer.

        It may be the server's own process, which then is no server any more.
        """
        read, write = os.pipe()
        self._answer = None
        deadline = time.monotonic() + PATIENCE_S
        try:
            socket.send_fds(self._channel, [b"f"], [read])
        except OSError:
            self._close()
        finally:
            os.close(read)
        while not self.is_gone and self._answer is None and (left := deadline - time.monotonic()) > 0:
            select.select([self._channel], [], [], left)
            self.listen()
        if not self._answer:
            os.close(write)
            if self._answer is None:  # it hangs
                self._close()
            return None
        stdin = os.fdopen(write, "wb", buffering=0)
        if self._answer != self.process.pid:
            return ForkedWorker(self, self._answer, stdin)
        self._close()
        self.process.stdin = stdin
        return self.process

    def end(self) -> None:
        """Ask for no more workers; it goes at once, or, where some are at work, with the last of them."""
        self.listen()
        self._is_let_go = True
        if self.is_at_work and not self.is_gone:
            self._channel.shutdown(socket.SHUT_WR)
            reap(self.process)
        else:
            self._close()
            self.process.kill()
            self.process.wait()


class ForkedWorker:
    """A worker whose parent is a fork server, which reaps it; used as a ``subprocess.Popen`` is."""

    def __init__(self, server: ForkServer, pid: int, stdin: IO[bytes]) -> None:
        self._server, self.pid, self.stdin = server, pid, stdin
        self.returncode: int | None = None
        self._ended_by = 0.0  # seen then to have ended; the server has not said so

    def poll(self) -> int | None:
        """Its exit code once it has ended."""
        self._server.listen()
        self.returncode = self._server.codes[self.pid]
        return self.returncode

    @property
    def is_orphan(self) -> bool:
        """Whether nobody will tell its exit code: the server has died, or hangs."""
        if self.poll() is not None:
            return False
        if self._server.is_gone:
            return True
        if identity(self.pid) is not None:
            return False
        self._ended_by = self._ended_by or time.monotonic()
        return time.monotonic() - self._ended_by > PATIENCE_S

    def kill(self) -> None:
        """End it at once."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def order(run: Run, environment: Mapping[str, str]) -> bytes:
    """What :func:`await_order` takes from its pipe."""
    told = {"run": str(run.path), "attempt": run.attempt(), "log": str(run.path / LOG)}
    return json.dumps(told | {"environment": dict(environment)}).encode()


def serve(carry_out: Callable[[Path], int]) -> int:
    """The server's side, to be called once everything is imported. Returns the exit status: 0 when nobody needs it.

    carry_out: what a worker does with its run directory; its result is the worker's exit status.
    """
    dispatcher = socket.socket(fileno=os.dup(STDIN))
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), STDIN)
    workers: dict[int, int] = {}  # a descriptor that can be read once the worker has ended → its pid
    asked = [dispatcher]
    print(f"ready, pid {os.getpid()}", flush=True)
    with suppress(ConnectionError):  # the dispatcher has ended
        _tell(dispatcher)
        while asked or workers:
            readable, _, _ = select.select([*asked, *workers], [], [])
            for ended in workers.keys() & set(readable):
                pid = workers.pop(ended)
                os.close(ended)
                _tell(dispatcher, pid=pid, code=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            if dispatcher not in readable:
                continue
            message, pipes, _, _ = socket.recv_fds(dispatcher, 1, 1)
            if not message:
                asked = []
                continue
            if not FORKS:
                _tell(dispatcher, pid=os.getpid())
                dispatcher.close()
                return _work(pipes[0], carry_out)
            try:
                pid = os.fork()
            except OSError as error:  # no memory, or too many processes
                print(f"no worker could be forked: {error}", flush=True)
                os.close(pipes[0])
                _tell(dispatcher, pid=0)
                continue
            if pid == 0:
                dispatcher.close()
                for descriptor in workers:
                    os.close(descriptor)
                _begin_anew(pipes[0], carry_out)
            os.close(pipes[0])
            workers[os.pidfd_open(pid)] = pid
            _tell(dispatcher, pid=pid)
    return 0


def await_order(pipe: int) -> Path | None:
    """The worker's side: wait for a run and take over its log and environment. None if no run will come."""
    with os.fdopen(pipe, "rb") as given:
        text = given.read()
    try:
        ordered = json.loads(text)
    except ValueError:  # nothing, or half an order of a dispatcher that was killed
        return None
    run = Run(Path(ordered["run"]))
    record = run.process() or {}
    if (record.get("pid"), record.get("attempt")) != (os.getpid(), ordered["attempt"]):
        return None
    with Path(ordered["log"]).open("ab") as log:
        for number in (1, 2):
            os.dup2(log.fileno(), number)
    os.environ.update(ordered["environment"])
    return run.path


def _tell(dispatcher: socket.socket, **message: int) -> None:
    dispatcher.sendall(json.dumps(message).encode() + b"\n")


def _work(pipe: int, carry_out: Callable[[Path], int]) -> int:
    folder = await_order(pipe)
    return 0 if folder is None else carry_out(folder)


def _begin_anew(pipe: int, carry_out: Callable[[Path], int]) -> None:
    """The life of a forked worker, in a session of its own; never returns."""
    code = 1
    try:
        os.setsid()
        code = _work(pipe, carry_out)
    except BaseException:  # noqa: BLE001 - nothing may return into the server's loop
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)
