"""During SimCLR: is what is learned good for anything yet? Measured with labels that training never sees."""

import math
from typing import Any

import numpy as np
import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from sealife_core.config import SimclrConfig
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.pixels import Pixels
from sealife_core.evaluation.classification.scores import chance, wilson
from sealife_core.evaluation.comparison.resampling import Interval, accuracy_difference
from sealife_core.evaluation.embeddings.feature_quality import (
    alignment,
    collapsed,
    effective_rank,
    knn_accuracy,
    knn_predict,
    uniformity,
    voters,
)
from sealife_core.evaluation.projections.reduction import sample
from sealife_core.runs.writer import RunWriter
from sealife_core.training.callbacks import BestModel
from sealife_core.training.feature_extraction import features_of
from sealife_core.training.hardware import Hardware
from sealife_core.training.simclr import SimclrModule, projected_pairs

LOOKED_AT = 512  # images: alignment, uniformity and effective rank settle with a few hundred
NEIGHBOURS = 20  # that vote, unless a run asks for another number


class Representation(Callback):
    """Every ``monitor_every`` epochs: validation k-NN accuracy, alignment, uniformity, effective rank.

    best: considers every measurement, where validation chooses; the start is the first, and the last epoch is one too.
    """

    def __init__(
        self,
        config: SimclrConfig,
        run: RunWriter,
        dataset: Dataset,
        pixels: Pixels,
        machine: Hardware,
        best: BestModel | None = None,
    ) -> None:
        self._config, self._run, self._dataset, self._pixels, self._machine = config, run, dataset, pixels, machine
        self._bank, self._queries = _voters(dataset)
        self._best = best
        self._right = self._right_at_start = np.zeros(0, bool)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measure where it begins: what is learned has to be better than that."""
        if self._best is not None and trainer.global_step == 0:
            found = self._look(pl_module, 0)
            self._right_at_start = self._right
            assert trainer.logger is not None
            trainer.logger.log_metrics({f"val/{name}": value for name, value in found.items()}, step=-1)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measure at the chosen interval."""
        every, done = self._config.monitor_every, trainer.current_epoch + 1
        if every and (done % every == 0 or (self._best is not None and done == trainer.max_epochs)):
            for name, value in self._look(pl_module, done).items():
                pl_module.log(f"val/{name}", value)

    def _look(self, module: LightningModule, epoch: int) -> dict[str, float]:
        assert isinstance(module, SimclrModule)
        self._run.status(stage="looking", message="measuring the quality of the features")
        found = self.measure(module)
        if self._best is not None and len(self._right):
            self._best.consider(module, found.get("knn_accuracy", -math.inf), epoch)
        return found

    def since_start(self, kept: int) -> dict[str, Any]:
        """For ``results.json``: the epoch that was ``kept`` (0: the start), k-NN accuracy at the start and, for what
        was measured last, the gain over it with its 95 % interval over images."""
        gain = accuracy_difference(self._right_at_start, self._right) if kept else Interval(0.0, 0.0, 0.0)
        start = float(self._right_at_start.mean())
        return {
            "kept_epoch": kept,
            "start": {"knn_accuracy": start, "n": len(self._right)},
            "gain": {"value": gain.value, "low": gain.low, "high": gain.high},
        }

    def state_dict(self) -> dict[str, Any]:
        """What is known of the start."""
        return {"right_at_start": torch.from_numpy(self._right_at_start)} if self._best is not None else {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """As it was."""
        self._right_at_start = state_dict["right_at_start"].numpy()

    def measure(self, module: SimclrModule, embedded: np.ndarray | None = None) -> dict[str, float]:
        """The four figures for ``module`` as it stands; those that the data cannot give are left out.

        embedded: (N, D), its h of every image, where that is known already.
        """

        def h_of(rows: np.ndarray) -> np.ndarray:
            if embedded is not None:
                return embedded[rows]
            return features_of(self._config, self._machine, module.encoder, self._pixels, rows)

        found: dict[str, float] = {}
        rows = _looked_at(self._dataset)
        h = h_of(rows)
        if not np.isfinite(h).all():
            self._right = np.zeros(len(self._queries), bool)
            self._run.warn("The features became too large for numbers. Lower the learning rate.")
            return found
        if len(self._bank) and len(self._queries):
            bank, queries = h_of(self._bank), h_of(self._queries)
            labels = self._dataset.labels
            named = knn_predict(bank, labels[self._bank], queries, k=self._config.knn_k)
            self._right = named == labels[self._queries]
            found["knn_accuracy"] = float(self._right.mean())
        z0, z1 = projected_pairs(module, self._pixels, rows, self._machine)
        found |= {"alignment": alignment(z0, z1), "uniformity": uniformity(z0), "effective_rank": effective_rank(h)}
        warning = collapsed(h)
        if warning:
            self._run.warn(warning)
        return found


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
    """The rows whose geometry is measured: validation images, or training images where those are too few; of many a
    random sample, always the same, since the images of a class may stand together."""
    _, queries = _voters(dataset)
    rows = queries if len(queries) >= 16 else dataset.rows("train")
    return rows[sample(len(rows), LOOKED_AT, 0)]
