"""NT-Xent, forward and backward, against lightly's and pytorch-metric-learning's: time, memory, and a very large batch.

    python -m benchmarks.training.loss

Projections of 128 numbers, temperature 0.5, all cores. Time is held against the faster peer, memory against the leaner.
pytorch-metric-learning pairs every positive with every negative: at 1,024 images one of its tensors takes 34 GB, so it
is asked at 256 only. Memory is the peak of a process of its own (ru_maxrss) above what it held after the imports and a
small warm-up; these processes start before anything is timed, for a new process inherits its parent's peak.
"""

import resource
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median

import psutil
import torch
from lightly.loss import NTXentLoss as LightlyNTXent
from pytorch_metric_learning.losses import NTXentLoss as MetricLearningNTXent
from pytorch_metric_learning.losses import SelfSupervisedLoss
from torch import Tensor

from benchmarks.measuring import Figure, alternating, main, ratio
from sealife_core.models.losses import nt_xent

TEMPERATURE = 0.5
DIM = 128
CALLS = {256: 50, 1024: 5, 4096: 1}  # a turn: by the number of images
REPEATS = 6
LARGEST_OF_METRIC_LEARNING = 256
HUGE = 32_768

LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "ours": lambda z0, z1: nt_xent(z0, z1, TEMPERATURE),
    "lightly": LightlyNTXent(TEMPERATURE),
    "metric-learning": SelfSupervisedLoss(MetricLearningNTXent(TEMPERATURE)),
}


def measure() -> Iterator[Figure]:
    yield from memory()
    for pairs, calls in CALLS.items():
        yield speed(pairs, calls)


def memory() -> Iterator[Figure]:
    largest = max(CALLS)
    peaks = {name: in_own_process(name, largest)[0] for name in ("ours", "lightly")}
    told = f"{peaks['ours'] / 2**20:,.0f} against {peaks['lightly'] / 2**20:,.0f} MiB (lightly)"
    yield Figure(f"NT-Xent, N = {largest:,}: peak memory", peaks["ours"] / peaks["lightly"], "×", "≤ 0.5", told)
    peak, seconds = in_own_process("ours", HUGE)
    yield Figure(f"NT-Xent, N = {HUGE:,}: peak memory", peak / 2**30, "GiB", "≤ 2", f"in {seconds:.0f} s")


def speed(pairs: int, calls: int) -> Figure:
    sides: dict[str, Callable[[], object]] = {name: repeated(once(name, pairs), calls) for name in ("ours", "lightly")}
    seconds = {name: [turn / calls for turn in turns] for name, turns in alternating(sides, REPEATS).items()}
    if pairs <= LARGEST_OF_METRIC_LEARNING:
        seconds |= alternating({"metric-learning": once("metric-learning", pairs)}, 1, warm=0)
    fastest = min((name for name in seconds if name != "ours"), key=lambda name: median(seconds[name]))
    told = "; ".join(f"{name} {1e3 * median(taken):,.3g} ms" for name, taken in seconds.items())
    return Figure(f"NT-Xent, N = {pairs:,}: time", ratio(seconds["ours"], seconds[fastest]), "×", "≤ 1", told)


def repeated(act: Callable[[], None], calls: int) -> Callable[[], None]:
    def turn() -> None:
        for _ in range(calls):
            act()

    return turn


def once(name: str, pairs: int) -> Callable[[], None]:
    """Forward and backward of one batch."""
    z0, z1 = (torch.randn(pairs, DIM, generator=torch.Generator().manual_seed(i), requires_grad=True) for i in (0, 1))
    return lambda: LOSSES[name](z0, z1).backward()


def in_own_process(name: str, pairs: int) -> tuple[int, float]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(peak_and_seconds, name, pairs).result()


def peak_and_seconds(name: str, pairs: int) -> tuple[int, float]:
    """Peak bytes above the start, and seconds, of one forward and backward in this process."""
    once(name, 32)()
    act = once(name, pairs)
    before, begun = psutil.Process().memory_info().rss, time.perf_counter()
    act()
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return peak - before, seconds


if __name__ == "__main__":
    main(measure, __doc__)
