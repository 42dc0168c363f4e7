"""What is left of training's speed beside a program that keeps one core busy, which is what others do to a laptop.

    python -m benchmarks.training.crowded

SimCLR at 32 px through the product's own path (``speed.our_simclr``): alone; beside a busy program; and beside it
with the number of threads left as it is. The first steps, in which a run notices that it is not alone, do not count.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median

from pytorch_lightning import Callback

from benchmarks.measuring import Figure, by_turns, main, own_home
from benchmarks.training.speed import NAME, Side, imported, our_simclr
from sealife_core.config import SimclrConfig, preset
from sealife_core.training import trainer

COUNTED, WARM = 12, 12
SIZE_PX, BATCH = 32, 32


def measure() -> Iterator[Figure]:
    with own_home() as home:
        imported(home)
        config = preset("simclr", "Quick look", data=NAME, image_size_px=SIZE_PX, batch_size=BATCH, device="cpu")
        with Side() as ours, Side() as stubborn:
            taken = by_turns(
                {
                    "alone": partial(ours, our_simclr, config, COUNTED, WARM),
                    "beside": partial(beside, ours, our_simclr, config),
                    "stubborn": partial(beside, stubborn, with_all_threads, config),
                }
            )
    rate = {side: 2 * BATCH / median(seconds) for side, seconds in taken.items()}
    cores = os.cpu_count() or 1
    for side, what in (("beside", "as a run does"), ("stubborn", "with as many threads as cores")):
        told = f"{rate[side]:,.0f} against {rate['alone']:,.0f} views/s on {cores} cores"
        yield Figure(f"Speed left beside one busy program, {what}", rate[side] / rate["alone"], "×", "", told)


def beside(side: Side, act: Callable[..., float], config: SimclrConfig) -> float:
    """Seconds of a step while another program computes."""
    with busy():
        return side(act, config, COUNTED, WARM)


def with_all_threads(config: SimclrConfig, counted: int, warm: int) -> float:
    """As :func:`our_simclr`, of a run that does not look what others do."""
    trainer.AdaptiveThreads = Callback  # type: ignore[misc,assignment]
    return our_simclr(config, counted, warm)


@contextmanager
def busy() -> Iterator[None]:
    """A program that does not rest."""
    program = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        program.kill()
        program.wait()


if __name__ == "__main__":
    main(measure, __doc__)
