"""Importing 3,450 photographs, with every check and the decoded cache of a 96 px run, against Pillow alone.

    python -m benchmarks.data.importing

Ours reads, verifies, hashes and copies every file, looks for duplicates and leaks, splits, and writes the decoded cache
to the disk. Pillow only decodes the same files, resizes them with the same filter to the same side and keeps them in
memory, on all cores: in threads or in processes, whichever is faster. Both find the files in the system's file cache.
Each import goes to a folder of its own, and all are removed at the end: right after thousands of files were removed,
ext4 takes several times as long to make new ones.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, mkdtemp

import numpy as np
from PIL import Image

from benchmarks.measuring import Figure, alternating, main, ratio
from sealife_core.datasets.checks import check
from sealife_core.datasets.decoding.pixels import cache_size_px, open_pixels
from sealife_core.datasets.imports.importing import import_images

PICTURES = 3_450
CLASSES = 23
IMAGE_SIZE_PX = 96
SHAPES = ((256, 192), (256, 171), (192, 256), (256, 256))  # width, height
REPEATS = 3


def measure() -> Iterator[Figure]:
    with TemporaryDirectory() as folder:
        source, place = Path(folder) / "photographs", Path(folder) / "data"
        place.mkdir()
        draw_photographs(source, PICTURES)
        files = sorted(source.rglob("*.jpg"))
        side = import_whole(source, place)
        workers = os.cpu_count() or 1
        sides = {
            "ours": partial(import_whole, source, place),
            "threads": partial(decode_all, ThreadPoolExecutor, workers, files, side),
            "processes": partial(decode_all, ProcessPoolExecutor, workers, files, side),
        }
        seconds = alternating(sides, REPEATS, warm=0)
        fastest = min(("threads", "processes"), key=lambda name: median(seconds[name]))
        kilobytes = sum(file.stat().st_size for file in files) / len(files) / 1e3
    told = "; ".join(f"{name} {median(taken):.1f} s" for name, taken in seconds.items())
    told += f"; {PICTURES:,} files of {kilobytes:.0f} kB, cache of {side} px"
    yield Figure("Import with checks and cache", ratio(seconds["ours"], seconds[fastest]), "×", "≤ 1.3", told)


def import_whole(source: Path, place: Path) -> int:
    """From a folder to what a run trains on, in a new folder of ``place``; the side of its cache."""
    root = Path(mkdtemp(dir=place))
    dataset = import_images(source, "photographs", root=root, image_size_px=IMAGE_SIZE_PX).dataset
    check(dataset)
    return open_pixels(dataset, cache_size_px(dataset, IMAGE_SIZE_PX)).size_px


def decode_all(pool: Callable[[int], Executor], workers: int, files: list[Path], side: int) -> None:
    """Every file decoded and resized by Pillow, kept in memory."""
    with pool(workers) as executor:
        list(executor.map(partial(decode, side), files, chunksize=32))


def decode(side: int, file: Path) -> np.ndarray:
    """uint8 (side, side, 3)."""
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB").resize((side, side), Image.Resampling.LANCZOS))


def draw_photographs(folder: Path, count: int) -> None:
    """JPEGs of 256 px and about 18 kB below ``folder``, one folder a class: noise with the spectrum of a photograph."""
    generator = np.random.default_rng(0)
    for number in range(count):
        place = folder / f"class {number % CLASSES:02d}"
        place.mkdir(parents=True, exist_ok=True)
        photograph(generator, SHAPES[number % len(SHAPES)]).save(place / f"{number:05d}.jpg", quality=90)


def photograph(generator: np.random.Generator, shape: tuple[int, int]) -> Image.Image:
    """Clouds upon clouds, each half as large as the one before and a quarter fainter."""
    picture = np.full((shape[1], shape[0], 3), 128, dtype=np.float32)
    for octave in range(1, 8):
        cells = generator.integers(0, 256, (2**octave, 2**octave, 3), dtype=np.uint8)
        clouds = Image.fromarray(cells).resize(shape, Image.Resampling.BICUBIC)
        picture += (np.asarray(clouds, dtype=np.float32) - 128) * 0.75**octave
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8))


if __name__ == "__main__":
    main(measure, __doc__)
