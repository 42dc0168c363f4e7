"""What a probe learns from: features that a frozen encoder computed once, standardised, in batches or all at once."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from pytorch_lightning import LightningDataModule
from torch import Tensor, nn
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as IndexedDataset

from sealife_core.datasets.batches import EpochOrder, as_it_is
from sealife_core.datasets.dataset import Dataset

_COLUMNS = 64  # features at a time in double precision: the memory of all would double


@dataclass(frozen=True)
class Features:
    """Frozen features of every image, standardised by the training images' mean and spread.

    values: (N, D), one row for each row of the manifest; mean, scale: (D,).
    """

    values: Tensor
    mean: Tensor
    scale: Tensor

    def folded(self, head: nn.Sequential) -> nn.Sequential:
        """``head``, made to take features as the encoder gives them: the standardisation moves into its weights."""
        linear = head[-1]
        assert isinstance(linear, nn.Linear)
        with torch.no_grad():
            weight = linear.weight.double() / self.scale.double()
            linear.bias.copy_(linear.bias.double() - weight @ self.mean.double())
            linear.weight.copy_(weight)
        return head


def standardised(h: np.ndarray, dataset: Dataset) -> Features:
    """Features for a probe from embeddings h (N, D) of every image; only labelled training images set the scale."""
    values = torch.from_numpy(h)
    mean, scale = mean_and_scale(values[dataset.rows("train", labelled_only=True)])
    return Features((values - mean) / scale, mean, scale)


def mean_and_scale(values: Tensor) -> tuple[Tensor, Tensor]:
    """(D,) each, of values (n, D): what scikit-learn's StandardScaler subtracts, and what it divides by.

    A feature whose spread is no more than rounding has the scale 1: divided by that spread, the least difference in
    another image would drown all other features. Rounding is, as there, that of n double-precision sums; and here also
    that of the features themselves, which come in single precision.
    """
    n, double = len(values), torch.finfo(torch.float64).eps
    own = torch.finfo(values.dtype).eps
    parts = [torch.var_mean(part.double(), 0, correction=0) for part in values.split(_COLUMNS, dim=1)]
    variance, mean = (torch.cat(found) for found in zip(*parts, strict=True))
    rounding = torch.maximum(n * double * variance + (n * mean * double) ** 2, (own * mean) ** 2)
    scale = torch.where(variance <= rounding, 1.0, variance.sqrt())
    return mean.to(values.dtype), scale.to(values.dtype)


class FeatureBatches(LightningDataModule):
    """Batches of {"features": (n, D), "labels": (n,)} for a probe; the order of epoch e depends on (seed, e) alone.

    batch_size: None for one batch of all, in their order. copies: (n, D) each, features of varied copies of ``rows``.
    """

    def __init__(
        self,
        dataset: Dataset,
        features: Features,
        rows: np.ndarray,
        *,
        batch_size: int | None,
        seed: int,
        copies: Sequence[Tensor] = (),
    ) -> None:
        super().__init__()
        labels = torch.from_numpy(dataset.labels)
        self.train_rows, self.val_rows = rows, dataset.rows("val", labelled_only=True)
        values = torch.cat([features.values[rows], *((copy - features.mean) / features.scale for copy in copies)])
        self._train = values, labels[rows].repeat(1 + len(copies))
        self._val = features.values[self.val_rows], labels[self.val_rows]
        self._shuffled, self._seed = batch_size is not None, seed
        self.batch_size = min(batch_size or len(values), len(values))

    def train_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        """Shuffled anew each epoch, unless one batch holds all."""
        if not self._shuffled:
            return self._in_order(*self._train, size=self.batch_size)
        order = EpochOrder(len(self._train[1]), self._seed)
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
