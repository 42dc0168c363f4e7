"""Is fast also right? SimCLR with our fused views, with torchvision's transforms image by image, and in bf16.

    python -m benchmarks.training.equivalence [FOLDER] [--epochs 30] [--seeds 3]

On the photographs of FOLDER (one sub-folder a class), else on the reef (1,000 pictures drawn by code). For each seed
the same run three times, the preset for a quick look (32 px) with more epochs: as it is, in fp32; with
torchvision's transforms on the decoded originals instead of our views, the same recipe; and in bf16. Everything else is
the product's own path. Told is k-NN(20) accuracy on all images outside the training split, and whether the means of two
ways differ by more than the seeds of one do. Runs are kept below SEALIFE_HOME: a second call takes those that are
finished as they are.
"""

import argparse
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision import transforms

from sealife_core import worker
from sealife_core.config import SIZES, ViewRecipe, preset
from sealife_core.datasets.dataset import Dataset, list_datasets, open_dataset
from sealife_core.datasets.decoding.reading import read_rgb
from sealife_core.datasets.imports.importing import import_images
from sealife_core.datasets.reef import draw_reef
from sealife_core.evaluation.embeddings.feature_quality import knn_predict
from sealife_core.evaluation.embeddings.stored_embeddings import read_embeddings
from sealife_core.models.facts import IMAGENET_MEAN, IMAGENET_STD
from sealife_core.runs.directory import create_run, list_runs
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.training import ablated_simclr
from sealife_core.training.simclr import SimclrModule

QUICK = SIZES[0]
NEIGHBOURS = 20
OURS, PER_IMAGE, BF16 = "fused views, fp32", "torchvision's transforms, fp32", "fused views, bf16"
WAYS = (OURS, PER_IMAGE, BF16)


class PerImageViews(SimclrModule):
    """SimCLR whose views torchvision makes, one picture after the other, from the decoded originals."""

    pictures: ClassVar[list[Image.Image]] = []

    def two_views(self, batch: dict[str, Tensor], *numbers: Any, **settings: Any) -> Tensor:
        """(2n, 3, H, W), normalised; row i and row n + i are of one picture. torchvision draws by torch's own seed.

        What a run measures of its views (alignment) it measures on batches of no rows, and on ours.
        """
        if "rows" not in batch:
            return super().two_views(batch, *numbers, **settings)
        transform = as_torchvision(self.config.views, self.config.image_size_px)
        chosen = [self.pictures[row] for row in batch["rows"].tolist()]
        with ThreadPoolExecutor(torch.get_num_threads()) as threads:
            views = list(threads.map(transform, chosen + chosen))
        return torch.stack(views).contiguous(memory_format=torch.channels_last)


def as_torchvision(recipe: ViewRecipe, size_px: int) -> Callable[[Image.Image], Tensor]:
    """The recipe in torchvision's transforms. What they do not have must not be in it."""
    assert recipe.vertical_flip == recipe.solarise == recipe.cast == recipe.haze == 0
    stretch, share = recipe.crop_ratio_max, size_px / 224  # blur is given for views of 224 px
    jitter = (recipe.brightness, recipe.contrast, recipe.saturation, recipe.hue)
    return transforms.Compose(
        [
            transforms.RandomResizedCrop(
                size_px, (recipe.crop_scale_min, recipe.crop_scale_max), (1 / stretch, stretch)
            ),
            transforms.RandomHorizontalFlip(recipe.horizontal_flip),
            transforms.RandomApply(
                [transforms.ColorJitter(*(recipe.strength * part for part in jitter))], recipe.jitter
            ),
            transforms.RandomGrayscale(recipe.grayscale),
            transforms.RandomApply(
                [
                    transforms.GaussianBlur(
                        2 * round(size_px / 20) + 1, (share * recipe.blur_sigma_min, share * recipe.blur_sigma_max)
                    )
                ],
                recipe.blur,
            ),
            transforms.ToTensor(),
            transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path, nargs="?", metavar="FOLDER")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=3)
    chosen = parser.parse_args()
    name = "photographs" if chosen.photographs else "reef"
    dataset = open_dataset(name) if name in list_datasets() else made(name, chosen.photographs)
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for seed, way in product(range(chosen.seeds), WAYS):
        run = trained(dataset, chosen.epochs, seed, way)
        accuracy, count = knn(run, dataset)
        found[way].append(accuracy)
        print(f"{name}, seed {seed}, {way}: k-NN {accuracy:.3f}, n = {count}", flush=True)
    for line in told(found):
        print(f"{name}: {line}", flush=True)


def made(name: str, photographs: Path | None) -> Dataset:
    """The data set, which was not there yet."""
    return import_images(photographs, name).dataset if photographs else draw_reef(images=1_000, size_px=64)


def told(found: dict[str, list[float]]) -> Iterator[str]:
    """One sentence a way: mean and spread of its seeds; beside the first way, whether the two are told apart."""
    ours = np.array(found[OURS])
    for way, accuracies in found.items():
        values = np.array(accuracies)
        line = f"{way}: {values.mean():.3f} ({values.min():.3f} to {values.max():.3f} over {len(values)} seeds)"
        if way != OURS:
            apart, spread = values.mean() - ours.mean(), max(np.ptp(values), np.ptp(ours))
            line += (
                f"; {apart:+.3f} from ours, {'within' if abs(apart) <= spread else 'BEYOND'} the spread of {spread:.3f}"
            )
        yield line


def trained(dataset: Dataset, epochs: int, seed: int, way: str) -> Run:
    """The finished run of that seed and way: one of an earlier call, else a new one, trained in this process."""
    config = preset(
        "simclr", QUICK, data=dataset.name, data_hash=dataset.content_hash, epochs=epochs, seed=seed, monitor_every=0,
        device="cpu", precision="bf16" if way == BF16 else "fp32",
    )  # fmt: skip
    for run in list_runs():
        if run.notes()["name"] == way and run.state() is State.FINISHED and run.config() == config:
            return run
    run = create_run(config, name=way)
    with views_of(way, dataset):
        worker.main(run.path)
    if run.state() is not State.FINISHED:
        raise SystemExit(run.shown().message)
    return run


@contextmanager
def views_of(way: str, dataset: Dataset) -> Iterator[None]:
    """While it lasts, a SimCLR run makes its views in that way."""
    if way == PER_IMAGE:
        PerImageViews.pictures = [read_rgb(dataset.image_path(row)) for row in range(len(dataset))]
        ablated_simclr.SimclrModule = PerImageViews
    try:
        yield
    finally:
        ablated_simclr.SimclrModule = SimclrModule


def knn(run: Run, dataset: Dataset) -> tuple[float, int]:
    """Accuracy on all labelled images outside the training split, and their number."""
    h = read_embeddings(run.path, "h").values
    bank = dataset.rows("train", labelled_only=True)
    asked = np.concatenate([dataset.rows(split, labelled_only=True) for split in ("val", "test")])
    predicted = knn_predict(h[bank], dataset.labels[bank], h[asked], k=NEIGHBOURS)
    return float((predicted == dataset.labels[asked]).mean()), len(asked)


if __name__ == "__main__":
    main()
