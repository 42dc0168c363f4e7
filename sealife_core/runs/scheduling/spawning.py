"""Processes in their own sessions: dispatcher, workers, projections, the measurement of this machine."""

import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from sealife_core.environment import PYTHONUNBUFFERED

# Where `python -m sealife_core…` finds the package even where it was never installed.
PROJECT = Path(__file__).resolve().parents[3]


def spawn(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None, *, stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Start ``command`` in its own session, which neither Ctrl-C nor the end of this process reaches.

    What it prints is appended to ``log``; ``environment`` is added to that of this process. If ``stdin`` is a pipe, it
    is not buffered. Raises OSError.
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
            env=os.environ | {PYTHONUNBUFFERED.name: "1"} | dict(environment or {}),
        )


def reap(child: subprocess.Popen[bytes]) -> None:
    """Wait for ``child`` in the background, so that it does not stay behind as a zombie."""
    threading.Thread(target=child.wait, name=f"sealife-reaper-{child.pid}", daemon=True).start()
