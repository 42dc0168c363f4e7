"""What SimCLR makes of the same images while it learns: the frames of a film, and models of the way to look back at."""

from copy import deepcopy
from typing import Any

import numpy as np
from jaxtyping import Int64
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import nn

from sealife_core.config import SimclrConfig
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.pixels import Pixels
from sealife_core.evaluation.embeddings.stored_embeddings import (
    rows_of,
    snapshot_folder,
    snapshot_ids,
    write_pairs,
    write_snapshot,
)
from sealife_core.models.checkpoint import ModelCard, save_model
from sealife_core.models.encoders import Encoder
from sealife_core.runs.files import UnreadableFile
from sealife_core.runs.writer import RunWriter
from sealife_core.training.feature_extraction import features_of
from sealife_core.training.hardware import Hardware
from sealife_core.training.simclr import SimclrModule, projected_pairs

SNAPSHOTS = 10  # a film of ten steps shows the way; more would cost without showing more
SNAPSHOT_IMAGES = 1_000  # enough to see classes come apart, and seconds to embed and to align
PAIRS = 256  # 130,000 negatives: their histogram is smooth, and z of 128 numbers takes 130 kB

EncoderAndHead = tuple[Encoder, nn.Module]


class SnapshotWriter(Callback):
    """Keeps h of the same images before training and after about ten epochs; after some of them the model too.

    Beside each, z of two views of some of these images (:func:`snapshot_rows`): the same views every time.
    card: describes the model.
    """

    def __init__(
        self, config: SimclrConfig, run: RunWriter, dataset: Dataset, pixels: Pixels, machine: Hardware, card: ModelCard
    ) -> None:
        self._config, self._run, self._pixels, self._machine, self._card = config, run, pixels, machine, card
        self._rows = _stored_rows(run, dataset)
        if not len(self._rows):
            self._rows = snapshot_rows(dataset, config.seed)
        self._ids = tuple(dataset.manifest["id"].iloc[self._rows].tolist())
        # Evenly among the sorted rows: images of a class may stand together in them.
        self._paired = self._rows[np.linspace(0, len(self._rows) - 1, min(PAIRS, len(self._rows))).round().astype(int)]
        self.epochs = snapshot_plan(config.epochs)
        self._with_model = model_plan(self.epochs, config.keep_models)
        self._untrained: EncoderAndHead | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Put the model aside as it is before anything was learned; embedding can wait for the first step."""
        if trainer.global_step == 0:
            self._untrained = deepcopy(_model_of(pl_module))

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """The picture before training, once the curve has its first point: a person is waiting for that."""
        if trainer.global_step > 0:
            self._keep_untrained(pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """A picture at each of the planned epochs."""
        self._keep_untrained(pl_module)
        if trainer.current_epoch + 1 in self.epochs:
            self._keep(pl_module, _model_of(pl_module), trainer.current_epoch + 1)

    def _keep_untrained(self, module: LightningModule) -> None:
        if self._untrained is not None:
            self._keep(module, self._untrained, 0)
            self._untrained = None

    def _keep(self, module: LightningModule, model: EncoderAndHead, epoch: int) -> None:
        assert isinstance(module, SimclrModule)
        encoder, head = model
        write_pairs(self._run.path, epoch, projected_pairs(module, self._pixels, self._paired, self._machine, model))
        h = features_of(self._config, self._machine, encoder, self._pixels, self._rows)
        if epoch in self._with_model:
            save_model(snapshot_folder(self._run.path, epoch), encoder, head, self._card, half=True)
        write_snapshot(self._run.path, self._ids, epoch, h)


def _model_of(module: LightningModule) -> EncoderAndHead:
    assert isinstance(module, SimclrModule)
    return module.encoder, module.head


def _stored_rows(run: RunWriter, dataset: Dataset) -> np.ndarray:
    """The rows that an attempt before this one began with, perhaps by another version; none if that is not known."""
    try:
        rows = rows_of(snapshot_ids(run.path), dataset)
    except UnreadableFile:
        return np.zeros(0, np.int64)
    return rows if (rows >= 0).all() else rows[:0]


def snapshot_rows(dataset: Dataset, seed: int, count: int = SNAPSHOT_IMAGES) -> Int64[np.ndarray, " n"]:
    """At most ``count`` rows at random, ascending: labelled images outside the test split; where these are too few, all
    of them and unlabelled training images."""
    labelled = np.concatenate([dataset.rows(split, labelled_only=True) for split in ("train", "val")])
    unlabelled = np.setdiff1d(dataset.rows("train"), labelled)
    chooser = np.random.default_rng(seed)
    return np.sort(np.concatenate([chooser.permutation(labelled), chooser.permutation(unlabelled)])[:count])


def snapshot_plan(epochs: int) -> tuple[int, ...]:
    """After which of ``epochs`` to keep a snapshot: about ten, evenly spread, the last one among them; and 0."""
    count = min(SNAPSHOTS, epochs)
    return tuple(sorted({round(part * epochs / count) for part in range(count + 1)}))


def model_plan(snapshots: tuple[int, ...], count: int) -> frozenset[int]:
    """After which of the ``snapshots`` to store the model too: ``count`` of them, the first and more of the early ones.

    The last is none: the run itself keeps that model.
    """
    before = snapshots[:-1]
    return frozenset(before[int((part / count) ** 1.5 * len(before))] for part in range(count))
