"""How long a person looks at an empty curve: from Launch to the first point, with a worker kept ready and without.

    python -m benchmarks.screen.launch

Draws a small reef in a home of its own, decodes it, and launches SimCLR runs on it as the dashboard would: each is
stopped once its first point is in metrics.jsonl. Cold, nothing runs before the launch, neither dispatcher nor worker;
the imports that no run can do without are measured by turns with it, each in a fresh process, up to their last line
(not to the end of that process, which takes PyTorch another second). Then seven probes of stored features are queued,
for as many numbers of labels as a study asks for, without and with it.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from benchmarks.measuring import Figure, main, own_home
from sealife_core.config import preset
from sealife_core.datasets.decoding.pixels import cache_size_px, open_pixels
from sealife_core.datasets.reef import draw_reef
from sealife_core.folders import checkpoints_root
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.locks import dispatcher_runs, queue_lock
from sealife_core.runs.scheduling.prewarmed_worker import READY, READY_LOG, wanted
from sealife_core.runs.scheduling.queue import launch, prewarm, request_stop

IMAGES, SIZE_PX, BATCH_SIZE = 256, 32, 64
REPEATS = 3
LABELS = (1, 2, 5, 10, 20, 50, 0)  # a class; 0: all
IMPORTS = "import torch, torchvision, pytorch_lightning; print('done', flush=True)"
LOOK_S = 0.002
PATIENCE_S = 120.0


def measure() -> Iterator[Figure]:
    with own_home():
        dataset = draw_reef(images=IMAGES, size_px=SIZE_PX)
        open_pixels(dataset, cache_size_px(dataset, SIZE_PX))
        first_point()  # the first run fills the disk's cache, and learns which number format pays here
        imports, cold = [], []
        for _ in range(REPEATS):
            imports.append(imports_s())
            cold.append(first_point())
        queue_s(seed=0)  # the first computes the features
        alone_s = queue_s(seed=1)
        os.environ["SEALIFE_READY_MINUTES"] = "5"
        (checkpoints_root() / READY).unlink()  # else the sign that the last run gave is too young to be renewed
        await_ready()
        warm = [first_point() for _ in range(REPEATS)]
        forked_s = queue_s(seed=2)
        send_away()
        beyond = median(cold) - median(imports)
        yield Figure("Launch → first point, dispatcher warm", median(warm), "s", "≤ 1.5", spread(warm))
        told = f"{median(cold):.2f} s; importing torch, torchvision and pytorch_lightning {median(imports):.2f} s"
        yield Figure("Launch → first point, cold: beyond the imports", beyond, "s", "≤ 1.5", told)
        told = f"{forked_s:.1f} against {alone_s:.1f} s, where each imports PyTorch itself"
        yield Figure("Seven queued probes with a pre-warmed worker", alone_s / forked_s, "×", "≥ 2", told)


def first_point() -> float:
    """Seconds from the launch of a new run to its first point. Returns when all is quiet again."""
    small = {"data": "reef", "image_size_px": SIZE_PX, "batch_size": BATCH_SIZE}
    run = create_run(preset("simclr", "Quick look", **small, epochs=500))
    begun = time.perf_counter()
    launch(run)
    until(lambda: has_point(run))
    seconds = time.perf_counter() - begun
    request_stop(run)
    until(lambda: "exit_code" in (run.process() or {}))
    until_quiet()
    return seconds


def queue_s(seed: int) -> float:
    """Seconds from the launch of a probe for each of LABELS until the last is done."""
    settings = {"data": "reef", "encoder": "tf_efficientnet_lite0", "weights": "imagenet", "image_size_px": SIZE_PX}
    runs = [create_run(preset("probe", "Quick look", **settings, labels_per_class=n, seed=seed)) for n in LABELS]
    begun = time.perf_counter()
    for run in runs:
        launch(run)
    until(lambda: all("exit_code" in (run.process() or {}) for run in runs))
    seconds = time.perf_counter() - begun
    until_quiet()
    return seconds


def until_quiet() -> None:
    """Wait until a dispatcher that keeps no pre-warmed worker has ended: it would not keep one for the next run."""
    root = checkpoints_root()
    until(lambda: wanted(root) or not at_work(root))


def await_ready() -> None:
    """Open the Train page, as it were, and fill in the form while PyTorch is imported."""
    root = checkpoints_root()
    prewarm(root)
    until(lambda: (root / READY_LOG).exists() and "ready" in (root / READY_LOG).read_text())


def send_away() -> None:
    """Nobody wants to train any more: the pre-warmed worker goes, and its dispatcher."""
    root = checkpoints_root()

    def gone() -> bool:
        os.utime(root / READY, (0, 0))  # the end of a run, which may be noticed only now, is a sign of interest
        return not at_work(root)

    until(gone)


def has_point(run: Run) -> bool:
    """Whether a line of metrics.jsonl holds a loss."""
    return any("train/loss" in row for row in run.metrics())


def at_work(root: Path) -> bool:
    """Whether a dispatcher is."""
    with queue_lock(root):
        return dispatcher_runs(root)


def imports_s() -> float:
    """Seconds from the start of a process until it has imported what every run needs."""
    begun = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", IMPORTS], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        return time.perf_counter() - begun


def until(condition: Callable[[], bool]) -> None:
    """Wait for ``condition``."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("This did not come true; look at the logs of the run.")
        time.sleep(LOOK_S)


def spread(seconds: list[float]) -> str:
    """The fastest and the slowest of how many."""
    return f"{min(seconds):.2f} to {max(seconds):.2f} s, {len(seconds)} launches"


if __name__ == "__main__":
    main(measure, __doc__)
