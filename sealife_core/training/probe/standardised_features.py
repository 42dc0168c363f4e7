"""What a linear layer learns from: features that a frozen encoder computed once, standardised, whole or in batches."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from sealife_core.config import ClassifierConfig
from sealife_core.datasets.batches import EpochOrder, as_it_is
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.classification.out_of_distribution import Means
from sealife_core.models.encoders import Encoder
from sealife_core.models.heads import linear_layer
from sealife_core.runs.writer import RunWriter
from sealife_core.training.feature_extraction import frozen_features
from sealife_core.training.hardware import Hardware
from sealife_core.training.inputs import StoredInputs

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
        linear = linear_layer(head)
        with torch.no_grad():
            weight = linear.weight.double() / self.scale.double()
            linear.bias.copy_(linear.bias.double() - weight @ self.mean.double())
            linear.weight.copy_(weight)
        return head


def standardised(h: np.ndarray, dataset: Dataset) -> Features:
    """Features for a probe from embeddings h (N, D) of every image; all training images set the scale."""
    values = torch.from_numpy(h)
    # Those without a label too: a few labels know little of the spread. On photographs, 1, 2, 5 and 10 labels a class
    # reach 31.4, 47.2, 58.8 and 65.4 % by the spread of the labelled images, and 40.0, 49.7, 59.3 and 65.4 % by that of
    # all: benchmarks.photographs.few_labels.
    mean, scale = mean_and_scale(values[dataset.rows("train")])
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


@dataclass(frozen=True)
class ProbeData:
    """What a linear layer learns from, and what it is validated on: standardised features (n, D) and labels (n,)."""

    train: Tensor
    train_labels: Tensor
    val: Tensor
    val_labels: Tensor

    def to(self, device: str) -> "ProbeData":
        """As it is, on another device."""
        return ProbeData(*(getattr(self, field.name).to(device) for field in fields(self)))


def split_of(dataset: Dataset, features: Features, rows: np.ndarray, copies: Sequence[Tensor] = ()) -> ProbeData:
    """The features of the training ``rows`` (n,) and of the labelled validation images.

    copies: (n, D) each, features of varied copies of the images of ``rows``, which are learned from as well.
    """
    labels, val = torch.from_numpy(dataset.labels), dataset.rows("val", labelled_only=True)
    varied = ((copy - features.mean) / features.scale for copy in copies)
    train = torch.cat([features.values[rows], *varied])
    return ProbeData(train, labels[rows].repeat(1 + len(copies)), features.values[val], labels[val])


def probe_features(
    config: ClassifierConfig, run: RunWriter, dataset: Dataset, encoder: Encoder, machine: Hardware, rows: np.ndarray
) -> tuple[np.ndarray, Means, Features, ProbeData]:
    """The frozen encoder's h (N, D) of every image and the means of its maps; h standardised; what is learned from."""
    h, means = frozen_features(config, run, dataset, encoder, machine)
    features = standardised(h, dataset)
    places = np.searchsorted(dataset.rows("train"), rows)
    copies = [
        torch.from_numpy(frozen_features(config, run, dataset, encoder, machine, copy=1 + k)[0][places])
        for k in range(config.stored_copies)
    ]
    return h, means, features, split_of(dataset, features, rows, copies)


class FeatureBatches:
    """Batches of {"features": (n, D), "labels": (n,)}; the order of epoch e depends on (seed, e) alone."""

    def __init__(self, split: ProbeData, *, batch_size: int, seed: int) -> None:
        self._split, self._seed = split, seed
        self.validates = len(split.val) > 0
        self.batch_size = min(batch_size, len(split.train))

    def train_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        """Shuffled anew each epoch."""
        rows = StoredInputs("features", self._split.train, self._split.train_labels)
        order = EpochOrder(len(rows), self._seed)
        return DataLoader(rows, batch_size=self.batch_size, sampler=order, collate_fn=as_it_is)

    def val_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        """In order, in large batches: nothing is computed but one matrix product."""
        rows = StoredInputs("features", self._split.val, self._split.val_labels)
        return DataLoader(rows, batch_size=1024, collate_fn=as_it_is)
