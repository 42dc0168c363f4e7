"""During SimCLR: is what is learned good for anything yet? Measured with labels that training never sees."""

import numpy as np
import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from sealife_core.config import SimclrConfig
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.pixels import Pixels
from sealife_core.evaluation.representation import (
    alignment,
    collapsed,
    effective_rank,
    knn_accuracy,
    uniformity,
    voters,
)
from sealife_core.evaluation.scores import chance, wilson
from sealife_core.runs.writer import RunWriter
from sealife_core.training.features import features_of
from sealife_core.training.hardware import Hardware
from sealife_core.training.simclr import SimclrModule

LOOKED_AT = 512  # images: alignment, uniformity and effective rank settle with a few hundred
NEIGHBOURS = 20  # that vote, unless a run asks for another number


class Representation(Callback):
    """Every ``monitor_every`` epochs: validation k-NN accuracy, alignment, uniformity, effective rank."""

    def __init__(
        self, config: SimclrConfig, run: RunWriter, dataset: Dataset, pixels: Pixels, machine: Hardware
    ) -> None:
        self._config, self._run, self._dataset, self._pixels, self._machine = config, run, dataset, pixels, machine
        self._bank, self._queries = _voters(dataset)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measure at the chosen interval."""
        every = self._config.monitor_every
        assert isinstance(pl_module, SimclrModule)
        if every and (trainer.current_epoch + 1) % every == 0:
            self._run.status(stage="looking", message="measuring the quality of the features")
            for name, value in self.measure(pl_module).items():
                pl_module.log(f"val/{name}", value)

    def measure(self, module: SimclrModule, embedded: np.ndarray | None = None) -> dict[str, float]:
        """The four figures for ``module`` as it stands; those that the data cannot give are left out.

        embedded: (N, D), its h of every image, where that is known already.
        """

        def h_of(rows: np.ndarray) -> np.ndarray:
            if embedded is not None:
                return embedded[rows]
            return features_of(self._config, self._machine, module.encoder, self._pixels, rows)

        found: dict[str, float] = {}
        if len(self._bank) and len(self._queries):
            bank, queries = h_of(self._bank), h_of(self._queries)
            labels = self._dataset.labels
            found["knn_accuracy"] = knn_accuracy(
                bank, labels[self._bank], queries, labels[self._queries], k=self._config.knn_k
            )
        rows = _looked_at(self._dataset)
        z0, z1 = self._pairs(module, rows)
        h = h_of(rows)
        found |= {"alignment": alignment(z0, z1), "uniformity": uniformity(z0), "effective_rank": effective_rank(h)}
        warning = collapsed(h)
        if warning:
            self._run.warn(warning)
        return found

    def _pairs(self, module: SimclrModule, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Projections (n, d) of two views of each of ``rows``; the same views at every measurement."""
        images, aspects = self._pixels.gather(rows)
        was_training = module.training
        module.eval()
        halves: list[list[np.ndarray]] = [[], []]
        with torch.inference_mode(), self._machine.autocast:
            for start in range(0, len(rows), 128):
                part = slice(start, start + 128)
                batch = {"images": images[part].to(module.device), "aspects": aspects[part]}
                _, z = module(module.two_views(batch, 0, start))
                for half, values in zip(halves, z.float().chunk(2), strict=True):
                    half.append(values.cpu().numpy())
        module.train(was_training)
        return np.concatenate(halves[0]), np.concatenate(halves[1])


def worth(h: np.ndarray, dataset: Dataset, k: int = NEIGHBOURS) -> dict[str, float]:
    """What embeddings h (N, D) of every image are worth: k-NN accuracy on validation, effective rank."""
    bank, queries = _voters(dataset)
    found = {"effective_rank": effective_rank(h[_looked_at(dataset)])}
    if len(bank) and len(queries):
        found["knn_accuracy"] = knn_accuracy(h[bank], dataset.labels[bank], h[queries], dataset.labels[queries], k=k)
    return found


def with_interval(found: dict[str, float], dataset: Dataset, k: int = NEIGHBOURS) -> dict[str, float]:
    """``found`` with the number of validation images asked, the chance level and, of the accuracy by ``k`` neighbours,
    k and the 95 % interval."""
    bank, queries = _voters(dataset)
    n = len(queries)
    scores = {"n": n, "chance": chance(dataset.labels[queries], len(dataset.classes)), **found}
    if "knn_accuracy" in found:
        scores["knn_k"] = min(k, len(bank))
        scores["knn_low"], scores["knn_high"] = wilson(round(found["knn_accuracy"] * n), n)
    return scores


def _voters(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """The rows of the training images that vote, and of the validation images that are asked."""
    return voters(dataset.labels, dataset.manifest["split"].to_numpy(), "val")


def _looked_at(dataset: Dataset) -> np.ndarray:
    """The rows whose geometry is measured: validation images, or training images where those are too few."""
    _, queries = _voters(dataset)
    return (queries if len(queries) >= 16 else dataset.rows("train"))[:LOOKED_AT]
