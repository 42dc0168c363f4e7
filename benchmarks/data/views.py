"""SimCLR views against lightly's: a core on decoded images, and a whole epoch from JPEG files.

    python -m benchmarks.data.views

Ours is what a run does: a batch of its data module and SimclrModule.two_views, the recipe SimCLR. Theirs is
SimCLRTransform: on one core given decoded pictures of the same side as our cache; over an epoch behind LightlyDataset
and two loader processes that have started already, all cores for both.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import torch
from lightly.data import LightlyDataset
from lightly.transforms.simclr_transform import SimCLRTransform
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader

from benchmarks.data.importing import draw_photographs
from benchmarks.measuring import Figure, alternating, main, ratio
from sealife_core.config import RECIPES, SimclrConfig, parse
from sealife_core.datasets.batches import ImageBatches
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.pixels import cache_size_px, open_pixels
from sealife_core.datasets.imports.importing import import_images
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.training.simclr import SimclrModule

PICTURES = 512
BATCH_SIZE = 128
AIMS = {96: "≥ 5", 224: "≥ 4"}  # by side of the view
EPOCH_PX = 96
REPEATS = 5


def measure() -> Iterator[Figure]:
    cores = torch.get_num_threads()
    with TemporaryDirectory() as folder:
        source = Path(folder) / "photographs"
        draw_photographs(source, PICTURES)
        dataset = import_images(source, "photographs", root=Path(folder) / "data").dataset
        torch.set_num_threads(1)
        for size_px, aim in AIMS.items():
            yield on_one_core(dataset, size_px, aim)
        torch.set_num_threads(cores)
        yield from over_an_epoch(dataset, source)


def on_one_core(dataset: Dataset, size_px: int, aim: str) -> Figure:
    two_views, batches = view_maker(dataset, size_px), batches_of(dataset, size_px)
    batch = next(iter(batches.train_dataloader()))
    pictures = [Image.fromarray(image) for image in batch["images"].numpy()]
    transform = SimCLRTransform(input_size=size_px)
    seconds = alternating(
        {"ours": lambda: two_views(batch, 0), "lightly": lambda: [transform(picture) for picture in pictures]}, REPEATS
    )
    told = against(seconds, "ours", 2 * len(pictures)) + f"; from {batches.pixels.size_px} px"
    return Figure(f"Views a second and core, {size_px} px", ratio(seconds["lightly"], seconds["ours"]), "×", aim, told)


def over_an_epoch(dataset: Dataset, source: Path) -> Iterator[Figure]:
    two_views, transform = view_maker(dataset, EPOCH_PX), SimCLRTransform(input_size=EPOCH_PX)
    loader = DataLoader(
        LightlyDataset(str(source), transform=transform),  # pyright: ignore[reportArgumentType]
        BATCH_SIZE, shuffle=True, drop_last=True, num_workers=2, persistent_workers=True,
    )  # fmt: skip
    seconds = alternating(
        {
            "ours": partial(epoch, dataset, two_views),
            "with the cache": lambda: (forget_pixels(dataset), epoch(dataset, two_views)),
            "lightly": lambda: [views for views, *_ in loader],
        },
        REPEATS,
    )
    for name, aim in (("ours", "≥ 8"), ("with the cache", "")):
        what = f"Views from JPEG files, an epoch, {EPOCH_PX} px" + (", cache built first" if not aim else "")
        value = ratio(seconds["lightly"], seconds[name])
        yield Figure(what, value, "×", aim, against(seconds, name, 2 * len(dataset)))


def view_maker(dataset: Dataset, size_px: int) -> Callable[..., Tensor]:
    """What makes the views of a batch in training."""
    config = parse(SimclrConfig, {"data": dataset.name, "image_size_px": size_px, "views": RECIPES["SimCLR"]})
    return SimclrModule(config, build_encoder("resnet18", "small"), batch_size=BATCH_SIZE).two_views


def batches_of(dataset: Dataset, size_px: int) -> ImageBatches:
    """The batches of a run; the decoded cache is opened, and made first where it is not there."""
    rows = np.arange(len(dataset))
    return ImageBatches(
        dataset, open_pixels(dataset, cache_size_px(dataset, size_px)), train_rows=rows, val_rows=rows[:0],
        batch_size=BATCH_SIZE, seed=0, drop_last=True,
    )  # fmt: skip


def epoch(dataset: Dataset, two_views: Callable[..., Tensor]) -> None:
    """Every image once, in two views."""
    for step, batch in enumerate(batches_of(dataset, EPOCH_PX).train_dataloader()):
        two_views(batch, step)


def forget_pixels(dataset: Dataset) -> None:
    for file in dataset.folder.glob("pixels-*"):
        file.unlink()


def against(seconds: dict[str, list[float]], name: str, views: int) -> str:
    return f"{views / median(seconds[name]):,.0f} against {views / median(seconds['lightly']):,.0f} views/s"


if __name__ == "__main__":
    main(measure, __doc__)
