"""What a network gets: views of a batch of decoded images, or inputs that were computed before."""

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from sealife_core.config import TrainingSettings
from sealife_core.models.known import facts
from sealife_core.views.sampling import ViewParameters
from sealife_core.views.transforms import apply_views


def network_inputs(
    images: Tensor, parameters: ViewParameters, config: TrainingSettings, out: Tensor | None = None
) -> Tensor:
    """images (n, S, S, 3) uint8 → (v, 3, H, H) float32, channels-last, normalised for the encoder of ``config``.

    ``parameters`` are of v views, n or several times n: view j is of image j mod n. ``out``, where given, is filled and
    returned.
    """
    known = facts(config.encoder)
    return apply_views(images, parameters, config.image_size_px, colours=(known.mean, known.std), out=out)


class StoredInputs(Dataset[dict[str, Tensor]]):
    """Items {``name``: values (n, …), "labels": (n,)}. The loader calls ``__getitems__`` once for each whole batch."""

    def __init__(self, name: str, values: Tensor | np.ndarray, labels: Tensor) -> None:
        self._name, self._values, self._labels = name, values, labels

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, position: int) -> dict[str, Tensor]:
        return self.__getitems__([position])

    def __getitems__(self, positions: list[int]) -> dict[str, Tensor]:
        of = self._values
        rows = torch.from_numpy(of.take(positions, axis=0)) if isinstance(of, np.ndarray) else of[positions]
        return {self._name: rows, "labels": self._labels[positions]}
