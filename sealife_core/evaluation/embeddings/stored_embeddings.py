"""A run's embeddings of every image, and snapshots of them during SimCLR training, as files. Imports no torch.

RUN/embeddings.npy, embeddings_z.npy    (N, D) float32: the encoder's h; the projection head's z (SimCLR only)
RUN/embeddings.json                     the image ids of those N rows, and the data set they belong to
RUN/snapshots/epoch-00005.npy           (n, D) float16: h of the same n images after that many epochs
RUN/snapshots/images.json               the ids of those n images
RUN/snapshots/pairs-00005.npy           (2, n, d) float16: z of two views of some of them, the same views every time
RUN/snapshots/epoch-00005/              the model after that many epochs, in half precision; of some epochs only
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float, Int64, Shaped

from sealife_core.errors import RunError
from sealife_core.evaluation.embeddings.array_store import read_array, write_array
from sealife_core.runs.contents import INDEX_SHAPE
from sealife_core.runs.files import UnreadableFile, read_json, readable_json, replace_json
from sealife_core.runs.run import SNAPSHOTS

if TYPE_CHECKING:
    from sealife_core.datasets.dataset import Dataset

Space = Literal["h", "z"]
INDEX = "embeddings.json"
FILES: dict[Space, str] = {"h": "embeddings.npy", "z": "embeddings_z.npy"}


@dataclass(frozen=True)
class Embedded:
    """Embeddings: row i of ``values``, memory-mapped, is of image ``ids[i]`` of data set ``data``."""

    ids: tuple[str, ...]
    values: Float[np.ndarray, "n d"]
    data: str
    data_hash: str

    def rows_in(self, dataset: "Dataset") -> Int64[np.ndarray, " n"]:
        """The row of each image in ``dataset``; -1 if it is not there."""
        return rows_of(self.ids, dataset)


@dataclass(frozen=True)
class Snapshots:
    """``values``: h of the images ``ids`` after each of ``epochs`` (0: before training)."""

    ids: tuple[str, ...]
    epochs: tuple[int, ...]
    values: Float[np.ndarray, "epochs n d"]


@dataclass(frozen=True)
class PairSnapshots:
    """``values``: z of two views of the same n images after each of ``epochs``; not finite where training diverged."""

    epochs: tuple[int, ...]
    values: Float[np.ndarray, "epochs 2 n d"]


def rows_of(ids: tuple[str, ...], dataset: "Dataset") -> Int64[np.ndarray, " n"]:
    """The row of each of ``ids`` in ``dataset``; -1 if it is not there."""
    place = {image_id: row for row, image_id in enumerate(dataset.manifest["id"].tolist())}
    return np.array([place.get(image_id, -1) for image_id in ids], np.int64)


def write_embeddings(
    folder: Path, dataset: "Dataset", h: Float[np.ndarray, "n d"], z: Float[np.ndarray, "n _"] | None = None
) -> None:
    """Store embeddings of every image of ``dataset``, in the order of its manifest."""
    spaces: dict[Space, np.ndarray | None] = {"h": h, "z": z}
    for space, values in spaces.items():
        if values is None:
            (folder / FILES[space]).unlink(missing_ok=True)
            continue
        if len(values) != len(dataset.manifest):
            raise ValueError(f"{len(values)} embeddings for {len(dataset.manifest)} images; expected one an image")
        write_array(folder / FILES[space], np.asarray(values, np.float32))
    # Last: if the index exists, the arrays exist.
    about = {"data": dataset.name, "data_hash": dataset.content_hash, "ids": dataset.manifest["id"].tolist()}
    replace_json(folder / INDEX, about)


def has_embeddings(folder: Path, of: Space = "h") -> bool:
    """Whether the run in ``folder`` has embeddings of this space."""
    return (folder / INDEX).is_file() and (folder / FILES[of]).is_file()


def read_embeddings(folder: Path, of: Space = "h") -> Embedded:
    """The embeddings of a run. Raises RunError if they are missing or damaged."""
    if not has_embeddings(folder, of):
        raise RunError(
            f"Run '{folder.name}' has no embeddings of {of}: a run writes them when it ends. Let it finish, or launch"
            f" an 'embed' run with its weights (run:{folder.name})."
        )
    index, values = readable_json(folder / INDEX, INDEX_SHAPE), read_array(folder / FILES[of], mapped=True)
    ids = index.get("ids")
    if ids is None or values is None or values.ndim != 2 or len(ids) != len(values) or values.dtype.kind != "f":
        raise RunError(
            f"The embeddings of run '{folder.name}' are damaged and cannot be read. Launch an 'embed' run with its"
            f" weights (run:{folder.name}) to make them again."
        )
    if not is_finite(values):
        raise RunError(
            f"The embeddings of run '{folder.name}' hold NaN or infinity: training has diverged. Train again with a"
            " lower learning rate."
        )
    return Embedded(tuple(ids), values, index.get("data") or "", index.get("data_hash") or "")


def is_finite(values: Shaped[np.ndarray, "n ..."]) -> bool:
    """Whether ``values`` are finite floats; checked 1,000 rows at a time, as all may be larger than memory."""
    parts = (values[start : start + 1000] for start in range(0, len(values), 1000))
    return values.dtype.kind == "f" and all(bool(np.isfinite(part).all()) for part in parts)


def write_snapshot(folder: Path, ids: tuple[str, ...], epoch: int, h: Float[np.ndarray, "n d"]) -> None:
    """Store h of the images ``ids`` after ``epoch`` epochs of the run in ``folder``.

    In half precision, unless a value is out of its range, as happens if the learning rate is far too high.
    """
    (folder / SNAPSHOTS).mkdir(exist_ok=True)
    replace_json(folder / SNAPSHOTS / "images.json", {"ids": list(ids)})
    write_array(snapshot_folder(folder, epoch).with_suffix(".npy"), _halved(h))


def write_pairs(folder: Path, epoch: int, z: Float[np.ndarray, "2 n d"]) -> None:
    """Store z of two views of n images after ``epoch`` epochs of the run in ``folder``, as precisely as a snapshot."""
    (folder / SNAPSHOTS).mkdir(exist_ok=True)
    write_array(_pairs_file(folder, epoch), _halved(z))


def snapshot_epochs(folder: Path) -> tuple[int, ...]:
    """The epochs after which the run in ``folder`` stored a snapshot, in order."""
    return _epochs(folder, "epoch-")


def pair_epochs(folder: Path) -> tuple[int, ...]:
    """The epochs after which the run in ``folder`` stored a snapshot and pairs of views beside it, in order."""
    return tuple(sorted({*_epochs(folder, "pairs-")} & {*snapshot_epochs(folder)}))


def snapshot_folder(folder: Path, epoch: int) -> Path:
    """Where the model of the run in ``folder`` after ``epoch`` epochs is stored, if it is."""
    return folder / SNAPSHOTS / f"epoch-{epoch:05d}"


def model_epochs(folder: Path) -> tuple[int, ...]:
    """The epochs after which the run in ``folder`` stored its model, in order; its last is the run's own model."""
    return tuple(epoch for epoch in snapshot_epochs(folder) if (snapshot_folder(folder, epoch) / "model.json").exists())


def snapshot_ids(folder: Path) -> tuple[str, ...]:
    """The images of the snapshots of the run in ``folder``; none before the first. Raises UnreadableFile."""
    return tuple((read_json(folder / SNAPSHOTS / "images.json", INDEX_SHAPE) or {}).get("ids") or ())


def read_snapshots(folder: Path) -> Snapshots:
    """All snapshots of a run, in order. Raises RunError if they are missing or damaged."""
    epochs = snapshot_epochs(folder)
    if not epochs:
        raise RunError(
            f"Run '{folder.name}' has no snapshots: SimCLR runs keep them while they train. Choose a SimCLR run that"
            " has trained for some epochs."
        )
    try:
        ids = snapshot_ids(folder)
        paths = [snapshot_folder(folder, epoch).with_suffix(".npy") for epoch in epochs]
        values = np.stack([np.load(path, allow_pickle=False) for path in paths]).astype(np.float32)
    except (UnreadableFile, OSError, ValueError, EOFError):
        ids, values = (), np.zeros((0, 0, 0))
    if not ids or values.ndim != 3 or len(ids) != np.shape(values)[1] or not is_finite(values):
        raise RunError(f"The snapshots of run '{folder.name}' are damaged and cannot be read. Train the run again.")
    return Snapshots(ids, epochs, values)


def read_pairs(folder: Path) -> PairSnapshots:
    """z of the pairs of views of a run, after each of ``pair_epochs``. Raises RunError if missing or damaged."""
    epochs = pair_epochs(folder)
    if not epochs:
        raise RunError(
            f"Run '{folder.name}' has no pairs of views: SimCLR runs keep them while they train, but older ones did"
            " not. Train the run again."
        )
    try:
        values = np.stack([np.load(_pairs_file(folder, epoch), allow_pickle=False) for epoch in epochs])
    except (OSError, ValueError, EOFError):
        values = np.zeros((0, 0, 0, 0))
    if values.ndim != 4 or values.shape[1] != 2 or values.shape[2] < 2 or values.dtype.kind != "f":
        raise RunError(
            f"The pairs of views of run '{folder.name}' are damaged and cannot be read. Train the run again."
        )
    return PairSnapshots(epochs, values.astype(np.float32))


def _pairs_file(folder: Path, epoch: int) -> Path:
    return folder / SNAPSHOTS / f"pairs-{epoch:05d}.npy"


def _epochs(folder: Path, prefix: str) -> tuple[int, ...]:
    found = (path.stem.removeprefix(prefix) for path in (folder / SNAPSHOTS).glob(f"{prefix}*.npy"))
    return tuple(sorted(int(number) for number in found if number.isdecimal()))


def _halved(values: np.ndarray) -> np.ndarray:
    """``values`` in half precision, or in single where one is out of its range or not finite."""
    fits = np.abs(values).max(initial=0) <= np.finfo(np.float16).max
    return np.asarray(values, np.float16 if fits else np.float32)
