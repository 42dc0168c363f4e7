"""A batch as contrastive learning sees it: two views of each picture, and how similar an encoder finds them."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from dashboard.data.pictures import class_name
from dashboard.data.previews import Preview, drawn_each
from sealife_core.config import ViewRecipe
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast.similarities import similarity_matrix
from sealife_core.evaluation.contrast.view_encoder import ViewEncoder
from sealife_core.evaluation.embeddings.compute import on_every_core, usual_batch
from sealife_core.evaluation.figures.palette import label_colour
from sealife_core.views.sampling import ViewParameters
from sealife_core.views.transforms import apply_views

SHOWN_PX = 128  # of views that are seen larger by the network: twice what a small picture on the page needs


@dataclass(frozen=True)
class ViewBatch:
    """N pictures and 2N views: view i and view N + i are of picture i.

    hashes: (N,) of the pictures' files; labels: (N,) classes, -1 for none; jpegs: a view each. similarities: float32
    (2N, 2N) cosines of "h" and, where the encoder has a projection head, of "z".
    """

    rows: tuple[int, ...]
    hashes: tuple[str, ...]
    labels: tuple[int, ...]
    names: tuple[str, ...]
    colours: tuple[str, ...]
    jpegs: tuple[bytes, ...]
    similarities: dict[str, np.ndarray]


def batch_rows(dataset: Dataset, shuffle: int, count: int) -> tuple[int, ...]:
    """Up to ``count`` random rows, as in a batch of training: some are of one class. Ordered by class, so that these
    stand together. The same ``shuffle`` gives the same rows."""
    rows = np.random.default_rng(shuffle).permutation(len(dataset))[:count]
    return tuple(rows[np.argsort(dataset.labels[rows], kind="stable")].tolist())


def view_batch(
    dataset: Dataset, previews: Sequence[Preview], recipe: ViewRecipe, drawing: int, seen_by: ViewEncoder
) -> ViewBatch:
    """Two views of each of ``previews`` (decoded at one size), embedded. The same ``drawing`` gives the same views."""
    parameters = ViewParameters.cat([drawn_each(recipe, previews, drawing, 0, view) for view in (0, 1)])
    squares, size = torch.stack([preview.square for preview in previews]), seen_by.image_size_px

    def part(start: int) -> tuple[Tensor, Tensor | None, list[bytes]]:
        """h, z and pictures of as many views as the encoder takes at once."""
        places = torch.arange(start, min(start + step, len(parameters)))
        views = apply_views(squares[places % len(squares)], parameters[places], size)
        return *seen_by.embed(views), [_jpeg(view) for view in views]

    # Every core draws views, embeds and shrinks them: alone, only the encoder would have work for several.
    step = usual_batch(size, "cpu")
    h, z, jpegs = zip(*on_every_core(part, range(0, len(parameters), step), "cpu"), strict=True)
    spaces = {"h": h, "z": z} if z[0] is not None else {"h": h}
    labels = tuple(int(dataset.labels[preview.row]) for preview in previews)
    return ViewBatch(
        rows=tuple(preview.row for preview in previews),
        hashes=tuple(str(dataset.manifest["sha256"].iat[preview.row]) for preview in previews),
        labels=labels,
        names=tuple(class_name(dataset, label) for label in labels),
        colours=tuple(label_colour(dataset, label) for label in labels),
        jpegs=tuple(chain.from_iterable(jpegs)),
        similarities={name: similarity_matrix(torch.cat(x)).float().numpy() for name, x in spaces.items()},
    )


def _jpeg(view: Tensor) -> bytes:
    """(3, side, side) in [0, 1], as a picture of at most SHOWN_PX."""
    image = Image.fromarray((view.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous().numpy())
    image.thumbnail((SHOWN_PX, SHOWN_PX))
    held = io.BytesIO()
    image.save(held, "JPEG", quality=85)
    return held.getvalue()
