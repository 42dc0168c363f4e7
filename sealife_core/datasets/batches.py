"""The LightningDataModule: batches of uint8 and labels, no policy. Views are made later, on the device."""

from collections.abc import Iterator
from typing import Any, TypedDict

import numpy as np
import torch
from pytorch_lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Sampler
from torch.utils.data import Dataset as IndexedDataset

from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.pixels import Pixels
from sealife_core.errors import DatasetError


class Batch(TypedDict):
    """What one step gets, n images of side S."""

    images: Tensor  # uint8 (n, S, S, 3), squashed to squares
    aspects: Tensor  # float32 (n,) width / height of the originals
    labels: Tensor  # int64 (n,), -1 = unlabelled
    rows: Tensor  # int64 (n,) rows of the manifest


class ImageBatches(LightningDataModule):
    """Training rows in a new order every epoch, validation rows in theirs.

    The order of epoch e depends on (``seed``, e) alone: a run that was resumed sees what it would have seen. A batch
    larger than the training data is reduced to it (``batch_size`` tells), so that ``drop_last`` never leaves nothing.
    Raises DatasetError without training rows.
    """

    def __init__(
        self,
        dataset: Dataset,
        pixels: Pixels,
        *,
        train_rows: np.ndarray,
        val_rows: np.ndarray,
        batch_size: int,
        seed: int,
        drop_last: bool = False,
    ) -> None:
        super().__init__()
        if len(train_rows) == 0:
            raise DatasetError(
                f"Data set '{dataset.name}' has no images to train on here; at least one is needed."
                " Look at its splits and labels on the Data page."
            )
        self.pixels = pixels
        self.labels = torch.from_numpy(np.asarray(dataset.labels, dtype=np.int64))
        self.train_rows = torch.from_numpy(np.array(train_rows, dtype=np.int64))
        self.val_rows = torch.from_numpy(np.array(val_rows, dtype=np.int64))
        self.batch_size = min(batch_size, len(train_rows))
        self.seed = seed
        self.drop_last = drop_last

    def train_dataloader(self) -> DataLoader[Batch]:
        """Shuffled by epoch."""
        rows = _Rows(self.pixels, self.labels, self.train_rows)
        return self._loader(rows, EpochOrder(len(rows), self.seed), self.drop_last)

    def val_dataloader(self) -> DataLoader[Batch] | list[DataLoader[Batch]]:
        """In the given order; an empty list if there are no validation rows, which Lightning takes as "none"."""
        if len(self.val_rows) == 0:
            return []
        return self._loader(_Rows(self.pixels, self.labels, self.val_rows), None, False)

    def _loader(self, rows: "_Rows", order: "EpochOrder | None", drop_last: bool) -> DataLoader[Batch]:
        # No worker processes: a batch is one copy out of memory-mapped pixels, quicker than handing it between two.
        return DataLoader(
            rows, batch_size=self.batch_size, sampler=order, drop_last=drop_last, collate_fn=as_it_is, num_workers=0
        )


class _Rows(IndexedDataset[Batch]):
    """A subset of the images that hands out whole batches: the loader calls ``__getitems__`` once for each."""

    def __init__(self, pixels: Pixels, labels: Tensor, rows: Tensor) -> None:
        self.pixels, self.labels, self.rows = pixels, labels, rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, position: int) -> Batch:
        return self.__getitems__([position])

    def __getitems__(self, positions: list[int]) -> Batch:
        rows = self.rows[torch.as_tensor(positions)]
        images, aspects = self.pixels.gather(rows)
        return Batch(images=images, aspects=aspects, labels=self.labels[rows], rows=rows)


class EpochOrder(Sampler[int]):
    """A permutation of ``count`` by (seed, epoch) alone. Lightning calls ``set_epoch`` before each epoch."""

    def __init__(self, count: int, seed: int) -> None:
        self.count, self.seed, self.epoch = count, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning's door: the order of this epoch comes next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[int]:
        order = np.random.default_rng((self.seed, self.epoch)).permutation(self.count)
        return iter(order.tolist())


def as_it_is(batch: Any) -> Any:
    """The batch is whole already: nothing to collate."""
    return batch
