"""Processes in sessions of their own: dispatcher, workers, projections, the measurement of this machine."""

import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

# Where `python -m sealife_core…` finds the package even where it was never installed.
PROJECT = Path(__file__).resolve().parents[3]


def spawn(
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str] | None = None,
    *,
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start ``command`` in a session of its own, which neither Ctrl-C nor the end of this process reaches.

    What it prints is appended to ``log``; ``environment`` comes on top of this process's. Nothing waits in a buffer on
    its way to ``stdin``, where that is a pipe. Raises OSError.
    """
    with log.open("ab") as written:
        return subprocess.Popen(
            command,
            bufsize=0,
            stdin=stdin,
            stdout=written,
            stderr=written,
            cwd=PROJECT,
            start_new_session=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | dict(environment or {}),
        )


def reap(child: subprocess.Popen[bytes]) -> None:
    """Wait for ``child`` in the background: somebody has to, or it stays behind as a zombie when it goes."""
    threading.Thread(target=child.wait, name=f"sealife-reaper-{child.pid}", daemon=True).start()
