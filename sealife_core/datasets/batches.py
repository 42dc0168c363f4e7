"""Batches of uint8 images and labels. Views are made later, on the device."""

from collections.abc import Iterator
from typing import Any, TypedDict

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Sampler
from torch.utils.data import Dataset as IndexedDataset

from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.pixels import Pixels
from sealife_core.errors import DatasetError


class Batch(TypedDict):
    """The input of one step: n images of side S."""

    images: Tensor  # uint8 (n, S, S, 3), squashed to squares
    aspects: Tensor  # float32 (n,) width / height of the originals
    labels: Tensor  # int64 (n,), -1 = unlabelled
    rows: Tensor  # int64 (n,) rows of the manifest


class ImageBatches:
    """Batches of training rows, shuffled in every epoch, and of validation rows in their order.

    The order of epoch e depends only on (``seed``, e), so a resumed run sees the same batches. A batch larger than the
    training data is reduced to it, so that ``drop_last`` always leaves one. share: (rank, world size) if several
    devices train together: a batch is reduced to a multiple of their number, and each device gets its part of it and
    of the validation rows. ``batch_size`` is that of all devices; their parts in order are the batch of one device.
    Raises DatasetError without training rows, or with fewer than devices.
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
        share: tuple[int, int] = (0, 1),
    ) -> None:
        if len(train_rows) == 0:
            raise DatasetError(
                f"Data set '{dataset.name}' has no training images for this run; expected at least one."
                " Check its splits and labels on the Data page."
            )
        parts = share[1]
        if len(train_rows) < parts:
            raise DatasetError(
                f"Data set '{dataset.name}' has {len(train_rows)} training images for this run, fewer than its {parts}"
                " devices. Train on fewer devices."
            )
        self.pixels = pixels
        self.labels = torch.from_numpy(np.asarray(dataset.labels, dtype=np.int64))
        self.train_rows = torch.from_numpy(np.array(train_rows, dtype=np.int64))
        self.val_rows = torch.from_numpy(np.array(val_rows, dtype=np.int64))
        self.batch_size = min(batch_size, len(train_rows)) // parts * parts
        self.seed = seed
        self.drop_last = drop_last or parts > 1  # the rest of an epoch cannot be shared equally
        self.share = share
        self.an_epoch: int | None = None  # images; None: all

    def train_dataloader(self) -> DataLoader[Batch]:
        """Shuffled by epoch."""
        rows = _Rows(self.pixels, self.labels, self.train_rows)
        order = EpochOrder(len(rows), self.seed, self.batch_size, self.share, self.an_epoch)
        return self._loader(rows, order, self.drop_last)

    def val_dataloader(self) -> DataLoader[Batch] | list[DataLoader[Batch]]:
        """In the given order; an empty list without validation rows, which Lightning takes as "none".

        With fewer rows than devices, each device gets all of them, which changes no mean.
        """
        if not self.validates:
            return []
        return self._loader(_Rows(self.pixels, self.labels, self.val_rows[self.own_validation()]), None, False)

    @property
    def validates(self) -> bool:
        """Whether there are validation images."""
        return len(self.val_rows) > 0

    def own_validation(self) -> slice:
        """The validation rows of this device."""
        (part, parts), n = self.share, len(self.val_rows)
        return slice(None) if n < parts else slice(n * part // parts, n * (part + 1) // parts)

    def _loader(self, rows: IndexedDataset[Any], order: "EpochOrder | None", drop_last: bool) -> DataLoader[Batch]:
        # No worker processes: a batch is one copy of memory-mapped pixels, faster than passing it between processes.
        size = self.batch_size // self.share[1]
        return DataLoader(rows, batch_size=size, sampler=order, drop_last=drop_last, collate_fn=as_it_is, num_workers=0)


class _Rows(IndexedDataset[Batch]):
    """A subset of the images. The loader calls ``__getitems__`` once for each batch."""

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
    """A permutation of ``count`` that depends only on (seed, epoch). Lightning calls ``set_epoch`` before each epoch.

    share: (rank, world size); with several devices only this one's part of each whole batch of ``batch_size``.
    ``most``: an epoch ends after so many images, another choice in each epoch; None for all.
    """

    def __init__(
        self, count: int, seed: int, batch_size: int = 1, share: tuple[int, int] = (0, 1), most: int | None = None
    ) -> None:
        self.count, self.seed, self.epoch, self._skipped = count, seed, 0, 0
        self.batch_size, self.share = batch_size, share
        self.most = min(count, most or count)

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning: the next order is that of this epoch."""
        self.epoch = epoch

    def skip(self, done: int) -> None:
        """Leave out the first ``done`` images of the next epoch, for a resumed run; its length stays the same."""
        self._skipped = done

    def __len__(self) -> int:
        parts = self.share[1]
        return self.most if parts == 1 else self.most // self.batch_size * self.batch_size // parts

    def __iter__(self) -> Iterator[int]:
        order = np.random.default_rng((self.seed, self.epoch)).permutation(self.count)[: self.most]
        part, parts = self.share
        if parts > 1:
            whole = self.most // self.batch_size * self.batch_size
            order = order[:whole].reshape(-1, parts, self.batch_size // parts)[:, part].ravel()
        skipped, self._skipped = self._skipped, 0
        return iter(order[skipped:].tolist())


def as_it_is(batch: Any) -> Any:
    """The batch, which is already collated."""
    return batch
