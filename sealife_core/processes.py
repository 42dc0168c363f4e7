"""Which process is meant, and whether it lives, without confusing hosts, containers or boots.

A pid alone is soon used again, and in another container it belongs to another process.
"""

import socket
from functools import cache
from pathlib import Path
from typing import Any

import psutil

# psutil derives a start from the boot time, which it rounds; used only if no exact tick is known.
START_TOLERANCE_S = 2.0


def identity(pid: int) -> dict[str, Any] | None:
    """pid, start, boot and host of the living process ``pid`` of this host, or None if it does not live."""
    try:
        process = psutil.Process(pid)
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return None
        start_time = process.create_time()
    except (psutil.NoSuchProcess, psutil.AccessDenied, ValueError):  # denied: of another user, so none of ours
        return None
    where = {"boot": boot_id(), "host": host(), "pids": pid_namespace()}
    return {"pid": pid, "start_time": start_time, "start_ticks": _start_ticks(pid), **where}


def lives(record: dict[str, Any]) -> bool | None:
    """Whether the process with this :func:`identity` lives; None if only another host can tell."""
    # Two containers of one host may share its name, and each has a process 7. Old records name no namespace.
    if record.get("host") != host() or (record.get("pids") or pid_namespace()) != pid_namespace():
        return None
    pid = record.get("pid")
    if record.get("boot") != boot_id() or not isinstance(pid, int):
        return False
    living = identity(pid)
    return living is not None and _same_start(record, living)


def _same_start(record: dict[str, Any], living: dict[str, Any]) -> bool:
    if record.get("start_ticks") is not None and living["start_ticks"] is not None:
        return record["start_ticks"] == living["start_ticks"]
    recorded = record.get("start_time")
    return isinstance(recorded, int | float) and abs(recorded - living["start_time"]) <= START_TOLERANCE_S


def _start_ticks(pid: int) -> int | None:
    """Start of the process in clock ticks since boot (Linux), which setting the clock does not change."""
    try:
        # The name, in brackets, may contain spaces and brackets; field 22 is the 20th after it (man 5 proc).
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return None


@cache
def boot_id() -> str:
    """An id of this boot of the machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return str(round(psutil.boot_time()))


@cache
def host() -> str:
    """The name of this machine."""
    return socket.gethostname()


@cache
def pid_namespace() -> str:
    """An id of the pid namespace, which differs between containers of one host; "" if not known."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
