"""What a probe learns from: features that a frozen encoder computed once, standardised, in batches or all at once."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from pytorch_lightning import LightningDataModule
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as IndexedDataset

from sealife_core.datasets.batches import EpochOrder, as_it_is
from sealife_core.datasets.dataset import Dataset


@dataclass(frozen=True)
class Features:
    """Frozen features of every image, standardised by the training images' mean and spread.

    values: (N, D), one row for each row of the manifest.
    """

    values: Tensor
    mean: Tensor
    std: Tensor

    def folded(self, head: nn.Sequential) -> nn.Sequential:
        """``head``, made to take features as the encoder gives them: the standardisation moves into its weights."""
        linear = head[-1]
        assert isinstance(linear, nn.Linear)
        with torch.no_grad():
            linear.weight.div_(self.std)
            linear.bias.sub_(linear.weight @ self.mean)
        return head


def standardised(h: np.ndarray, dataset: Dataset) -> Features:
    """Features for a probe from embeddings h (N, D) of every image; only labelled training images set the scale."""
    values = torch.from_numpy(h)
    train = values[dataset.rows("train", labelled_only=True)]
    mean, std = train.mean(0), train.std(0).clamp(min=1e-6)
    return Features((values - mean) / std, mean, std)


class FeatureBatches(LightningDataModule):
    """Batches of {"features": (n, D), "labels": (n,)} for a probe; the order of epoch e depends on (seed, e) alone.

    batch_size: None for one batch of all ``rows``, in their order.
    """

    def __init__(
        self, dataset: Dataset, features: Features, rows: np.ndarray, *, batch_size: int | None, seed: int
    ) -> None:
        super().__init__()
        labels = torch.from_numpy(dataset.labels)
        self.train_rows, self.val_rows = rows, dataset.rows("val", labelled_only=True)
        self._train = features.values[rows], labels[rows]
        self._val = features.values[self.val_rows], labels[self.val_rows]
        self._shuffled, self._seed = batch_size is not None, seed
        self.batch_size = min(batch_size or len(rows), len(rows))

    def train_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        """Shuffled anew each epoch, unless one batch holds all."""
        if not self._shuffled:
            return self._in_order(*self._train, size=self.batch_size)
        order = EpochOrder(len(self.train_rows), self._seed)
        return DataLoader(_FeatureRows(*self._train), batch_size=self.batch_size, sampler=order, collate_fn=as_it_is)

    def val_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        """In order, in large batches: nothing is computed but one matrix product."""
        return self._in_order(*self._val, size=1024)

    def _in_order(self, features: Tensor, labels: Tensor, *, size: int) -> DataLoader[dict[str, Tensor]]:
        return DataLoader(_FeatureSlices(features, labels, size), batch_size=None, collate_fn=as_it_is)


class _FeatureRows(IndexedDataset[dict[str, Tensor]]):
    """Hands out whole batches: the loader calls ``__getitems__`` once for each."""

    def __init__(self, features: Tensor, labels: Tensor) -> None:
        self._features, self._labels = features, labels

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, position: int) -> dict[str, Tensor]:
        return self.__getitems__([position])

    def __getitems__(self, positions: list[int]) -> dict[str, Tensor]:
        return {"features": self._features[positions], "labels": self._labels[positions]}


class _FeatureSlices(IndexedDataset[dict[str, Tensor]]):
    """The batches themselves, ``size`` rows each and in order: views of the features, of which nothing is copied."""

    def __init__(self, features: Tensor, labels: Tensor, size: int) -> None:
        self._features, self._labels, self._size = features, labels, size

    def __len__(self) -> int:
        return math.ceil(len(self._labels) / self._size)

    def __getitem__(self, number: int) -> dict[str, Tensor]:
        rows = slice(number * self._size, (number + 1) * self._size)
        return {"features": self._features[rows], "labels": self._labels[rows]}
