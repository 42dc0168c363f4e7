"""How many pictures this process decodes at once, for all purposes: import, thumbnails, Grad-CAM, own pictures."""

import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from sealife_core.errors import BusyError

_SHARE_OF_MEMORY = 0.25  # the rest is for training, and for what is computed from the pictures


class Decoders:
    """Room for at most ``most`` decoders that together hold ``room_bytes``, in the order of their requests.

    A picture that needs more than all the room is decoded alone.
    """

    def __init__(self, most: int, room_bytes: int) -> None:
        self.most, self.room_bytes = most, room_bytes
        self._free_bytes, self._running = room_bytes, 0
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def place(self, needed_bytes: int, within_s: float | None = None) -> Iterator[None]:
        """Room to decode a picture, held inside the block. Raises BusyError if it takes longer than ``within_s``."""
        needed_bytes = min(needed_bytes, self.room_bytes)
        self._enter(needed_bytes, within_s)
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._free_bytes += needed_bytes
                self._changed.notify_all()

    def _enter(self, needed_bytes: int, within_s: float | None) -> None:
        ticket, until = object(), None if within_s is None else time.monotonic() + within_s
        with self._changed:
            self._waiting.append(ticket)
            try:
                while not (self._waiting[0] is ticket and self._has_room(needed_bytes)):
                    left_s = None if until is None else until - time.monotonic()
                    if left_s is not None and left_s <= 0:
                        raise BusyError("Too many pictures are being decoded right now. Try again in a few seconds.")
                    self._changed.wait(left_s)
                self._running += 1
                self._free_bytes -= needed_bytes
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()  # the next in the queue may fit too

    def _has_room(self, needed_bytes: int) -> bool:
        return self._running < self.most and self._free_bytes >= needed_bytes


def memory_bytes() -> int:
    """The memory of this machine, or of the container that this process runs in."""
    total = psutil.virtual_memory().total
    with suppress(OSError, ValueError):  # no cgroups here, or "max": no limit
        return min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return total


DECODERS = Decoders(max(2, os.cpu_count() or 1), int(_SHARE_OF_MEMORY * memory_bytes()))
