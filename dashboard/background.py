"""Work of a minute or less that a page starts and does not wait for: importing, drawing the reef, comparing pictures.

It runs in a thread of this server, so a refresh of the page does not lose it and other pages remain usable. If the
server stops, the work and everything half done is lost: data sets are renamed into place when they are complete.
Training is never done here.

Jobs of one ``queue`` are done one after the other, in the order of their requests; a waiting job says what for.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from dashboard.cache.keeping import shared
from sealife_core.progress import Progress

Work = Callable[[Progress], Any]
Tidy = Callable[[], object]
MOST_JOBS = 16
QUICK_S = 0.6  # work of a moment is over by then, and no progress bar blinks
LOOK_S = 0.2  # a job that waits for another looks as often whether it was cancelled
_starting = threading.Lock()


class Cancelled(Exception):
    """Raised inside the work at its next word, once somebody has cancelled it."""


class BackgroundJob:
    """A piece of work. It reports ``stage``, ``done`` and ``total``; at its end ``result``, ``error`` or ``cancelled``
    is set. It starts once the jobs in ``after`` have ended. ``tidy`` is called at its end in any case."""

    def __init__(
        self, key: str, title: str, work: Work, queue: str = "", after: Sequence["BackgroundJob"] = (),
        tidy: Tidy = bool,
    ) -> None:  # fmt: skip
        self.key, self.title, self.queue = key, title, queue
        self.stage, self.done, self.total = "", 0, 0
        self.result: Any = None
        self.error: Exception | None = None
        self.began = time.monotonic()
        self._work, self._after, self._tidy = work, after, tidy
        self.cancelled = False  # true: it ends at its next word, and leaves nothing
        self._thread = threading.Thread(target=self._run, name=f"sealife-{key}", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self._thread.is_alive()

    @property
    def share(self) -> float:
        """How much of the present stage is done, 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def sentence(self) -> str:
        """ "Reading pictures: 1,200 of 3,450"."""
        return f"{self.stage}: {self.done:,} of {self.total:,}" if self.total else self.stage or "Starting"

    def wait(self, timeout_s: float | None = None) -> None:
        """Until it has ended; for tests and for work that is over before a person could see it run."""
        self._thread.join(timeout_s)

    def cancel(self) -> None:
        """Ask it to end; one that has ended stays as it is."""
        self.cancelled = True

    def _tell(self, stage: str, done: int, total: int) -> None:
        if self.cancelled:
            raise Cancelled
        self.stage, self.done, self.total = stage, done, total

    def _run(self) -> None:
        try:
            for job in self._after:
                while job.running:
                    self._tell(f"Waiting for: {job.title}", 0, 0)
                    job.wait(LOOK_S)
            self._tell("", 0, 0)
            self.result = self._work(self._tell)
        except Cancelled:
            return
        except Exception as error:  # noqa: BLE001 - no caller above a thread: the page shows the error
            self.error = error
        finally:
            self._tidy()


def jobs() -> dict[str, BackgroundJob]:
    """All jobs of this server by key, running or ended."""
    return shared("jobs")


def start(key: str, title: str, work: Work, queue: str = "", tidy: Tidy = bool) -> BackgroundJob:
    """Begin ``work`` unless one of that key is still running, after those of its ``queue``; ``tidy`` comes in any case.

    Old ended jobs beyond MOST_JOBS are forgotten.
    """
    known = jobs()
    with _starting:  # two sessions may ask at once
        held = known.get(key)
        if held is not None and held.running:
            tidy()
            return held
        ended = [job for job in sorted(known.values(), key=lambda job: job.began) if not job.running]
        for job in ended[: max(0, len(known) + 1 - MOST_JOBS)]:
            known.pop(job.key, None)
        after = [job for job in queued(queue) if job.running] if queue else ()
        known[key] = BackgroundJob(key, title, work, queue, after, tidy)
        return known[key]


def asked(key: str, title: str, work: Work) -> BackgroundJob:
    """The job of that key, running or ended; begun where there is none, and awaited for QUICK_S."""
    job = find(key)
    if job is None:
        job = start(key, title, work)
        job.wait(QUICK_S)
    return job


def queued(queue: str) -> list[BackgroundJob]:
    """The jobs of ``queue``, running, waiting or ended, in the order in which they were asked for."""
    return sorted((job for job in jobs().values() if job.queue == queue), key=lambda job: job.began)


def find(key: str) -> BackgroundJob | None:
    """The job of that key, running or ended."""
    return jobs().get(key)


def forget(key: str) -> None:
    """Take an ended job off the page."""
    job = jobs().get(key)
    if job is not None and not job.running:
        jobs().pop(key, None)
