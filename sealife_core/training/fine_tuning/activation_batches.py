"""Batches of stored activations: what the last stages learn from where the frozen ones saw every image beforehand."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor
from torch.utils.data import DataLoader

from sealife_core.datasets.batches import EpochOrder, ImageBatches
from sealife_core.training.inputs import StoredInputs


@dataclass(frozen=True)
class Activations:
    """array: float16 (V + K·n, …): of the V validation images unvaried, then of ``copies`` K of n training images."""

    array: np.ndarray
    copies: int


class ActivationBatches(ImageBatches):
    """As the batches it is made of, but {"activations": float16 (n, …), "labels": (n,)} instead of images.

    In each epoch a training image comes as another of its copies, until all have had their turn.
    """

    def __init__(self, of: ImageBatches, activations: Activations) -> None:
        self.__dict__.update(of.__dict__)
        self._activations = activations

    def train_dataloader(self) -> DataLoader[Any]:
        """Shuffled by epoch."""
        n = len(self.train_rows)
        order = CopyOrder(self._activations.copies, n, self.seed, self.batch_size, self.share, self.an_epoch)
        labels = self.labels[self.train_rows].repeat(self._activations.copies)
        held = StoredInputs("activations", self._activations.array[len(self.val_rows) :], labels)
        return self._loader(held, order, self.drop_last)

    def val_dataloader(self) -> DataLoader[Any] | list[DataLoader[Any]]:
        """In the given order."""
        if not self.validates:
            return []
        own = self.own_validation()
        held = StoredInputs("activations", self._activations.array[own], self.labels[self.val_rows[own]])
        return self._loader(held, None, False)


class CopyOrder(EpochOrder):
    """As :class:`EpochOrder`, but position p + n·k stands for copy k of image p of n."""

    def __init__(self, copies: int, *order: Any) -> None:
        super().__init__(*order)
        self.copies = copies

    def __iter__(self) -> Iterator[int]:
        first = np.random.default_rng(self.seed).integers(self.copies, size=self.count)
        for position in super().__iter__():
            yield position + self.count * int((first[position] + self.epoch) % self.copies)


def restored(held: Tensor) -> Tensor:
    """Maps (n, C, h, w) or tokens (n, T, C), float32, of what was stored of them (``activations.stored``)."""
    given = held.float()
    return given.permute(0, 3, 1, 2) if given.ndim == 4 else given
