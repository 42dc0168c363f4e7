"""As many threads as other programs leave cores free.

All threads of a layer wait for the slowest. One that shares its core with a busy program is a time slice late, some
milliseconds, thousands of times in a step: then two threads on two cores are many times slower than one
(``benchmarks/training/crowded.py``). So a run looks now and then at how many cores others use, and gives way.
"""

import os
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import psutil
import torch
from pytorch_lightning import Callback

LOOK_EVERY_S = 2.0
AGREEING_LOOKS = 2  # a page that is drawn takes a core for a second; that is no reason to change anything
ROUNDING = 0.4  # cores: others may use so much of one without costing a thread, which is about where it begins to pay


class Used(NamedTuple):
    """Seconds since some moment: of the clock, of all processors by anybody, of them by this process."""

    clock_s: float
    anybody_s: float
    this_s: float


def used() -> Used:
    """What was used until now."""
    of_machine, own = psutil.cpu_times(), os.times()
    anybody = of_machine.user + of_machine.system + getattr(of_machine, "nice", 0.0)  # guests are in user
    return Used(time.monotonic(), anybody, own.user + own.system)


def threads_for(cores: int, others: float, most: int) -> int:
    """How many of ``most`` threads to use where others keep so many of ``cores`` busy; one at least."""
    return max(1, min(most, int(cores - others + ROUNDING)))


class AdaptiveThreads(Callback):
    """Changes the number of PyTorch's threads as others come and go. For one process on a processor.

    What a run computes does not depend on it, but for the last digits of sums, which are added in another order.
    """

    def __init__(self, look: Callable[[], Used] = used, cores: int | None = None) -> None:
        self._look, self._cores = look, cores or os.cpu_count() or 1
        self._most = torch.get_num_threads()
        self._before: Used | None = None
        self._wanted: list[int] = []  # by the last looks

    def on_train_start(self, *_: Any) -> None:
        """What was used before says nothing."""
        self._before = self._look()

    def on_train_batch_end(self, *_: Any) -> None:
        """Look, where the last look is long enough ago; change once looks agree."""
        if self._before is None or time.monotonic() - self._before.clock_s < LOOK_EVERY_S:
            return
        before, now = self._before, self._look()
        self._before = now
        elapsed_s = now.clock_s - before.clock_s
        others = max(0.0, (now.anybody_s - before.anybody_s) - (now.this_s - before.this_s)) / elapsed_s
        self._wanted = [*self._wanted, threads_for(self._cores, others, self._most)][-AGREEING_LOOKS:]
        wanted = self._wanted[0]
        if len(self._wanted) == AGREEING_LOOKS and len(set(self._wanted)) == 1 and wanted != torch.get_num_threads():
            torch.set_num_threads(wanted)
            told = f"Other programs use {others:.1f} of {self._cores} cores: training continues with {wanted} of"
            print(f"{told} {self._most} threads.", flush=True)

    def on_train_end(self, *_: Any) -> None:
        """All of them again, for what comes after."""
        torch.set_num_threads(self._most)

    def on_exception(self, *_: Any) -> None:
        """As at the end."""
        self.on_train_end()
