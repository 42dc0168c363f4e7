"""The reef as a data set on disk: the built-in sample, so that the first screen works without data."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pandas as pd

from sealife_core.datasets.dataset import Dataset, open_dataset, write_dataset
from sealife_core.datasets.imports.splits import check_seed, split_rows
from sealife_core.datasets.reef.animals import ANIMALS
from sealife_core.datasets.reef.picture import draw_covered
from sealife_core.datasets.storage import building, check_name
from sealife_core.errors import DatasetError
from sealife_core.folders import data_root
from sealife_core.progress import Progress

SMALLEST_PX, LARGEST_PX = 16, 512
_QUALITY = 94  # at full chroma: 96 px pictures of 6 kB without visible blocks, three times faster to write than PNG
_EDITION = 1  # raised when the drawing changes, so that an older reef is not confused with this one


def draw_reef(
    root: Path | None = None,
    *,
    images: int = 1000,
    size_px: int = 96,
    seed: int = 0,
    name: str = "reef",
    one_background: bool = False,
    progress: Progress | None = None,
) -> Dataset:
    """Draw the sample data set ``root/name`` (``data/`` unless given): ten kinds of sea animals in equal numbers.

    ``images`` square pictures of ``size_px``, the same for the same ``seed``, split 80/10/10. A reef that
    was drawn with the same numbers before is returned as it is. Raises DatasetError if the
    name is taken by anything else, or a number is out of range.

    one_background: all training and validation pictures of a kind are taken at one place; test pictures at the place of
    any kind. A classifier that learns the places is right in validation and wrong in the test.
    """
    check_name(name)
    root = root or data_root()
    if images < len(ANIMALS):
        raise DatasetError(
            f"A reef of {images} images is too small for its {len(ANIMALS)} classes; ask for 10 or more."
        )
    if not SMALLEST_PX <= size_px <= LARGEST_PX:
        raise DatasetError(f"A reef of {size_px} px cannot be drawn; choose {SMALLEST_PX} to {LARGEST_PX} px a side.")
    check_seed(seed)
    recipe = {"images": images, "size_px": size_px, "seed": seed, "edition": _EDITION}
    recipe |= {"one_background": True} if one_background else {}
    if (root / name).exists():
        return _drawn_before(root, name, recipe)

    with building(name, root, progress) as folder:
        (folder / "images").mkdir()
        manifest = _planned(images, seed)
        places = _places(manifest, seed) if one_background else [None] * images
        drawn = []
        for image_id, label, place in zip(manifest["id"], manifest["label"], places, strict=True):
            drawn.append(_draw_one(folder, image_id, label, size_px, seed, place))
            if progress is not None:
                progress("Drawing", len(drawn), images)
        manifest = pd.concat([manifest, pd.DataFrame(drawn)], axis=1)
        info = {"name": name, "source": "drawn by code: the built-in reef", "seed": seed, "reef": recipe}
        write_dataset(folder, manifest, info)
    return open_dataset(name, root)


def _planned(images: int, seed: int) -> pd.DataFrame:
    """Id, label, split and group of every picture, in the order of the ids. Kinds take turns, for equal numbers."""
    kinds = list(ANIMALS)
    labels = [kinds[number % len(kinds)] for number in range(images)]
    ids = [f"{label}-{number // len(kinds) + 1:04d}" for number, label in enumerate(labels)]
    manifest = pd.DataFrame({"id": ids, "label": labels, "group": ""}).sort_values("id", ignore_index=True)
    return manifest.assign(split=split_rows(manifest["label"].tolist(), manifest["group"].tolist(), seed)[0])


def _places(manifest: pd.DataFrame, seed: int) -> list[int]:
    """Where each picture is taken: one place a kind, but for the test split any of these places."""
    own = manifest["label"].map(list(ANIMALS).index)
    mixed = np.random.default_rng(seed).integers(len(ANIMALS), size=len(manifest))
    return own.where(manifest["split"] != "test", mixed).tolist()


def _draw_one(
    folder: Path, image_id: str, label: str, size_px: int, seed: int, place: int | None
) -> dict[str, str | int]:
    """Draw and write one picture; returns what the manifest says of its file."""
    encoded = io.BytesIO()
    number = int(image_id.rsplit("-", 1)[1]) - 1
    picture, _ = draw_covered(label, size_px, seed, number, place)
    picture.save(encoded, "JPEG", quality=_QUALITY, subsampling=0)
    data = encoded.getvalue()
    file = f"images/{image_id}.jpg"
    (folder / file).write_bytes(data)
    return {"file": file, "width": size_px, "height": size_px, "sha256": hashlib.sha256(data).hexdigest()}


def _drawn_before(root: Path, name: str, recipe: dict[str, int]) -> Dataset:
    """The data set of that name, if it is this reef. Raises DatasetError."""
    dataset = open_dataset(name, root)
    found = dataset.info.get("reef")
    if found == recipe:
        return dataset
    what = f"a reef with other settings ({found})" if found else "a data set with other pictures"
    raise DatasetError(
        f"The name {name!r} is taken by {what}, so the reef was not drawn. Delete that data set or choose another name."
    )
