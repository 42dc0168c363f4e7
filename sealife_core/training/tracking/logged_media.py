"""What is shown of a run: view pairs, a map of its embeddings, its predictions, its results as plain numbers."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from PIL import Image

from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.pixels import Pixels
from sealife_core.datasets.decoding.thumbnails import thumbnail
from sealife_core.evaluation.classification.predictions import read_predictions
from sealife_core.evaluation.embeddings.stored_embeddings import read_embeddings
from sealife_core.evaluation.figures.learned_figures import projection_figure
from sealife_core.evaluation.figures.palette import class_colours
from sealife_core.evaluation.projections.reduction import ProjectionSettings, fit_umap, pca
from sealife_core.runs.run import PREDICTIONS
from sealife_core.training.simclr import SimclrModule
from sealife_core.views.sampling import generator_for
from sealife_core.views.transforms import apply_views

PAIRS = 16  # pictures in the grid of views: four by four are taken in at a glance
PAIR_PX = 96  # a side of each of them; small ones are enlarged by whole numbers
GAP_PX = 4
# UMAP takes seconds for so many and minutes for ten times as many, and a picture of 800 px shows no more points.
MAP_IMAGES = 2_000
FEW_IMAGES = 200  # of fewer, UMAP shows chance; PCA is instant and exact
SHOWN_PREDICTIONS = 200  # rows of the table with pictures: some 1 MB, which a browser scrolls through
THUMBNAIL_PX = 96


@dataclass(frozen=True)
class Predictions:
    """Of one ``split`` every prediction (``table``), and the rows of it, with pictures, that are shown.

    table: as of ``predictions.parquet``; shown: positions in it; pictures (RGB) and files (original names):
    one for each of ``shown``.
    """

    split: str
    classes: tuple[str, ...]
    table: pd.DataFrame
    shown: list[int]
    pictures: list[Image.Image]
    files: list[str]


def view_pairs(module: SimclrModule, dataset: Dataset, pixels: Pixels) -> tuple[np.ndarray, str]:
    """(H, W, 3) uint8: training pictures, each beside two views of it as ``module`` draws them; and what it shows."""
    config, rows = module.config, dataset.rows("train")
    rows = np.sort(np.random.default_rng(config.seed).permutation(rows)[:PAIRS])
    images, aspects = pixels.gather(rows)
    drawn = module.draw_pair(aspects, generator_for(config.seed, 0), (0, 1))
    views = [apply_views(images, each, config.image_size_px) for each in drawn]
    side = config.image_size_px * max(1, round(PAIR_PX / config.image_size_px))
    cells = [[_square(image.numpy(), side) for image in images]]
    cells += [[_square(_as_bytes(view), side) for view in of] for of in views]
    across = 4 if len(rows) > 4 else 1
    down = -(-len(rows) // across)
    unit = 3 * (side + GAP_PX) + 3 * GAP_PX  # a wider gap sets one picture's three apart from the next
    grid = np.full((down * (side + GAP_PX) + GAP_PX, across * unit - 2 * GAP_PX, 3), 255, np.uint8)
    for place, triple in enumerate(zip(*cells, strict=True)):
        top = GAP_PX + (place // across) * (side + GAP_PX)
        for column, cell in enumerate(triple):
            left = (place % across) * unit + GAP_PX + column * (side + GAP_PX)
            grid[top : top + side, left : left + side] = cell
    return grid, f"{len(rows)} training pictures, each followed by a positive pair of views"


def embedding_picture(folder: Path, dataset: Dataset, *, seed: int) -> tuple[np.ndarray, str]:
    """(H, W, 3) uint8: h of the run in ``folder`` as points in the colours of their classes; and what it shows."""
    embedded = read_embeddings(folder)
    chosen = np.sort(np.random.default_rng(seed).permutation(len(embedded.values))[:MAP_IMAGES])
    h, rows = np.asarray(embedded.values[chosen]), embedded.rows_in(dataset)[chosen]
    if len(h) < FEW_IMAGES:
        points, how = pca(h)[0], f"PCA, used instead of UMAP below {FEW_IMAGES} images"
    else:
        points, how = fit_umap(h, ProjectionSettings(seed=seed)), "UMAP, cosine"
    of = f"{len(h):,} images" if len(h) == len(embedded.values) else f"{len(h):,} of {len(embedded.values):,} images"
    says = f"Encoder output h of {of} ({how})"
    return _drawn(projection_figure(points, dataset.labels[rows], class_colours(dataset), title=says)), says


def predictions_of(folder: Path, dataset: Dataset, *, seed: int) -> Predictions | None:
    """What the classifier in ``folder`` said of the test split (validation, where test was not read), or None."""
    if not (folder / PREDICTIONS).is_file():
        return None
    table = read_predictions(folder)
    split = "test" if "test" in set(table["split"]) else "val"
    table = table.loc[table["split"] == split, :].reset_index(drop=True)
    shown = np.sort(np.random.default_rng(seed).permutation(len(table))[:SHOWN_PREDICTIONS]).tolist()
    ids = table["id"].tolist()
    rows = [dataset.row_of(ids[place]) for place in shown]
    pictures, files = [_thumbnail(dataset, row) for row in rows], [dataset.file_names[row] for row in rows]
    return Predictions(split, tuple(dataset.classes), table, shown, pictures, files)


def facts(values: Mapping[str, Any], prefix: str = "") -> dict[str, float | str]:
    """The single numbers and words of results.json: {"test": {"n": 7}} → {"test/n": 7}; lists are left out."""
    found: dict[str, float | str] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found |= facts(value, f"{prefix}{key}/")
        elif isinstance(value, int | float | str):
            found[f"{prefix}{key}"] = value
    return found


def _thumbnail(dataset: Dataset, row: int) -> Image.Image:
    return Image.open(io.BytesIO(thumbnail(dataset, row, THUMBNAIL_PX))).convert("RGB")


def _square(pixels: np.ndarray, side: int) -> np.ndarray:
    """(S, S, 3) uint8 → (side, side, 3); a view is enlarged without blurring what the network sees."""
    how = Image.Resampling.NEAREST if len(pixels) <= side else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(pixels).resize((side, side), how))


def _as_bytes(view: torch.Tensor) -> np.ndarray:
    """(3, H, W) in [0, 1] → (H, W, 3) uint8."""
    return (view.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous().cpu().numpy()


def _drawn(figure: Figure) -> np.ndarray:
    held = io.BytesIO()
    figure.savefig(held, format="png", dpi=100)
    return np.asarray(Image.open(held).convert("RGB"))
