"""The parts of growth.py: each yields what it did, in how many seconds and how much memory, in a process of its own."""

import io
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np
import psutil
from PIL import Image

from sealife_core.datasets.dataset import open_dataset

NAME, CLASSES = "growth", 10
ORIGINALS, ORIGINAL_PX, SIDE_PX = 300, 128, 64
COPY_EVERY = 100
VIEW_PX, BATCH_SIZE, STEPS = 32, 128, 20
WIDTH = 512
VISITS, PATIENCE_MS = 3, 300_000


class Clock:
    """Times something, and looks all the time at how much memory this process and those that it starts hold."""

    def __init__(self) -> None:
        self._own_bytes, self._most_bytes, self._ended = 0, 0, threading.Event()

    def __call__(self, what: str, images: int, act: Callable[[], object]) -> dict:
        """What ``act`` cost; ``images`` is how many it went through, 0 where that says nothing."""
        watch = threading.Thread(target=self._look, daemon=True)
        watch.start()
        begun = time.perf_counter()
        act()
        seconds = time.perf_counter() - begun
        self._ended.set()
        watch.join()
        gib, own_gib = self._most_bytes / 2**30, self._own_bytes / 2**30
        return {"what": what, "seconds": seconds, "images": images, "gib": gib, "own_gib": own_gib}

    def _look(self) -> None:
        this = psutil.Process()
        while True:
            ended = self._ended.wait(0.05)
            found = this.memory_info()
            self._own_bytes = max(self._own_bytes, found.rss - found.shared)
            self._most_bytes = max(self._most_bytes, *map(most_bytes, (this, *this.children(recursive=True))))
            if ended:
                return


def most_bytes(process: psutil.Process) -> int:
    """The most memory that a process of Linux has held so far; 0 if it has ended.

    Not ru_maxrss, which a process inherits from the one that starts it.
    """
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return max((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM")), default=0)


def draw(folder: Path, count: int) -> None:
    """``count`` small JPEGs, a folder a class; one in COPY_EVERY is the picture before it, saved anew."""
    if folder.exists():
        return
    from benchmarks.data.importing import photograph

    beside = folder.with_name("drawing")
    shutil.rmtree(beside, ignore_errors=True)
    for label in range(CLASSES):
        (beside / f"class {label}").mkdir(parents=True)
    generator = np.random.default_rng(0)
    originals = np.stack([np.asarray(photograph(generator, (ORIGINAL_PX, ORIGINAL_PX))) for _ in range(ORIGINALS)])
    picture, label = Image.new("RGB", (SIDE_PX, SIDE_PX)), 0
    for number in range(count):
        copied = number % COPY_EVERY == COPY_EVERY - 1
        if not copied:
            which, corners = generator.integers(0, ORIGINALS, 2), generator.integers(0, ORIGINAL_PX - SIDE_PX, (2, 2))
            label = int(which[0]) % CLASSES
            parts = [originals[i, y : y + SIDE_PX, x : x + SIDE_PX] for i, (y, x) in zip(which, corners, strict=True)]
            picture = Image.fromarray(parts[0] // 2 + parts[1] // 2)
        held = io.BytesIO()
        picture.save(held, "JPEG", quality=60 if copied else 85)
        (beside / f"class {label}" / f"{number:07d}.jpg").write_bytes(held.getvalue())
    beside.rename(folder)


def importing(home: Path, images: int) -> Iterator[dict]:
    """Everything that the import does: read, verify, hash, copy, split, write the manifest."""
    from sealife_core.datasets.imports.importing import import_images

    shutil.rmtree(home / "data", ignore_errors=True)
    yield Clock()("Import", images, lambda: import_images(home / "pictures", NAME))
    yield Clock()("Data set opened", images, lambda: open_dataset(NAME))


def checks(home: Path, images: int) -> Iterator[dict]:
    """Duplicates and leaks, not from the kept file."""
    from sealife_core.datasets.checks import CACHE, check

    dataset = open_dataset(NAME)
    (dataset.folder / CACHE).unlink(missing_ok=True)
    yield Clock()("Checks: duplicates, leaks", images, lambda: check(dataset))


def cache(home: Path, images: int) -> Iterator[dict]:
    """The decoded cache, built."""
    from sealife_core.datasets.decoding.pixels import cache_size_px, open_pixels

    dataset = open_dataset(NAME)
    for file in dataset.folder.glob("pixels-*"):
        file.unlink()
    yield Clock()("Decoded cache", images, lambda: open_pixels(dataset, cache_size_px(dataset, VIEW_PX)))


def epoch(home: Path, images: int) -> Iterator[dict]:
    """Every image in two views, as SimCLR gets them; and what it does with them, for some steps."""
    from pytorch_lightning import Trainer

    from sealife_core.config import SimclrConfig, parse
    from sealife_core.datasets.batches import ImageBatches
    from sealife_core.datasets.decoding.pixels import cache_size_px, open_pixels
    from sealife_core.models.encoder_by_name import build_encoder
    from sealife_core.training.simclr import SimclrModule

    dataset = open_dataset(NAME)
    pixels, rows = open_pixels(dataset, cache_size_px(dataset, VIEW_PX)), np.arange(len(dataset))
    config = parse(SimclrConfig, {"data": NAME, "image_size_px": VIEW_PX, "batch_size": BATCH_SIZE})
    module = SimclrModule(config, build_encoder("resnet18", "imagenet"), batch_size=BATCH_SIZE)
    batches = ImageBatches(
        dataset, pixels, train_rows=rows, val_rows=rows[:0], batch_size=BATCH_SIZE, seed=0, drop_last=True
    )

    def views() -> None:
        for step, batch in enumerate(batches.train_dataloader()):
            module.two_views(batch, step)

    yield Clock()("Epoch of two views an image", images, views)
    trainer = Trainer(
        max_epochs=-1, max_steps=STEPS, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    what = f"SimCLR, {STEPS} steps of {BATCH_SIZE} images"
    yield Clock()(what, 0, lambda: trainer.fit(module, batches))


def embedding(home: Path, images: int) -> Iterator[dict]:
    """All images through a ResNet18 at 32 px, and its output kept."""
    from sealife_core.datasets.decoding.pixels import cache_size_px, open_pixels
    from sealife_core.evaluation.embeddings.compute import embed
    from sealife_core.evaluation.embeddings.stored_embeddings import write_embeddings
    from sealife_core.models.encoder_by_name import build_encoder
    from sealife_core.models.facts import IMAGENET_MEAN, IMAGENET_STD

    dataset = open_dataset(NAME)
    pixels, rows = open_pixels(dataset, cache_size_px(dataset, VIEW_PX)), np.arange(len(dataset))
    encoder = build_encoder("resnet18", "imagenet")
    run = home / "run"
    run.mkdir(exist_ok=True)

    def act() -> None:
        h = embed(encoder, pixels, rows, image_size_px=VIEW_PX, mean=IMAGENET_MEAN, std=IMAGENET_STD)
        write_embeddings(run, dataset, h)

    yield Clock()(f"Embedding, ResNet18, {VIEW_PX} px", images, act)


def projections(home: Path, images: int) -> Iterator[dict]:
    """PCA of all, and UMAP as a page asks for it: of a sample where there are many."""
    from benchmarks.embeddings.projection import features, ours
    from sealife_core.evaluation.embeddings.stored_embeddings import read_embeddings, write_embeddings
    from sealife_core.evaluation.projections.reduction import ProjectionSettings, pca

    dataset, run = open_dataset(NAME), home / "projected"
    run.mkdir(exist_ok=True)
    write_embeddings(run, dataset, features(len(dataset)))
    values = read_embeddings(run).values
    yield Clock()(f"PCA of N × {WIDTH}", images, lambda: pca(values))
    settings = ProjectionSettings()
    what = f"UMAP of N × {WIDTH}, {settings.most_points:,} points at most"
    yield Clock()(what, 0, lambda: ours(run, settings))


def pages(home: Path, images: int) -> Iterator[dict]:
    """Each page of the dashboard, opened."""
    from benchmarks.screen.response_times import PAGES, Watch, opening
    from benchmarks.screen.serving import fill, page_over, server_process

    fill(open_dataset(NAME), runs=3, brief=True)
    with page_over(home, patience_ms=PATIENCE_MS) as (page, url):
        server, watch = server_process(), Watch(page)
        taken = {title: [] for title in PAGES}
        begun = f"document.querySelector({json.dumps(PAGES['Home'])})"
        taken["Home"].append(watch.once(lambda: page.goto(url), begun))
        held = {}
        for title in list(PAGES)[1:]:  # from Home and back each time
            for _ in range(1 + VISITS):
                for place in (title, "Home"):
                    watch.rest()
                    taken[place].append(watch.once(*opening(page, place)))
                    held[place] = most_bytes(server) / 2**30
        for title, (first, *later) in taken.items():
            for word, seconds in (("at first", first), ("again", median(later))):
                what = f"{title}, opened {word}"
                yield {"what": what, "seconds": seconds, "images": 0, "gib": held[title], "own_gib": 0}


PARTS: dict[str, Callable[[Path, int], Iterator[dict]]] = {
    "import": importing,
    "checks": checks,
    "cache": cache,
    "epoch": epoch,
    "embedding": embedding,
    "projections": projections,
    "pages": pages,
}
