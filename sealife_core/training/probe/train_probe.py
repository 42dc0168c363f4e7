"""The recipe of a linear probe that L-BFGS solves: features, solver, evaluation. It takes seconds and needs no Trainer.

A run that is taken up is solved again from the beginning: its features are stored, and it ends at the same optimum.
"""

import time
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from sealife_core.config import PENALTIES, ProbeConfig
from sealife_core.launching.data_checks import DatasetLabels, can_choose, labelled_rows
from sealife_core.models.heads import classification_head, linear_layer
from sealife_core.runs.writer import RunWriter
from sealife_core.training.adaptive_threads import AdaptiveThreads
from sealife_core.training.classifier import ClassifierLoss, validation_scores
from sealife_core.training.final_evaluation import finish_classifier
from sealife_core.training.hardware import Hardware
from sealife_core.training.preparation import class_weights, describe_run, prepared, rarest_class
from sealife_core.training.probe.lbfgs import ITERATIONS, at_each_penalty, at_one_penalty
from sealife_core.training.probe.standardised_features import ProbeData, probe_features
from sealife_core.training.tracking.base import Tracking
from sealife_core.training.trainer import trained_parameters

# Numbers of the training features that one core is enough for. A solve is thousands of small operations: on two cores,
# each waits for the slower one, which beside another run takes many times as long as to compute on one.
_ONE_CORE = 2**23


def train_probe(config: ProbeConfig, run: RunWriter, tracking: Tracking) -> bool:
    """Fit a linear layer to the features of a frozen encoder; then evaluate on the test split, once."""
    machine, encoder, dataset = prepared(config, run)
    encoder.train_stages(0)
    rows = labelled_rows(config, dataset)
    h, means, features, split = probe_features(config, run, dataset, encoder, machine, rows)
    head = classification_head(h.shape[1], len(dataset.classes))
    loss = ClassifierLoss(config, class_weights(config, dataset, rows))
    describe_run(
        config, run, dataset, machine, encoder, batch_size=len(split.train), steps_per_epoch=1,
        parameters_trained=trained_parameters(head), labels_used=len(rows), rarest_class=rarest_class(dataset, rows),
    )  # fmt: skip

    chooses = config.choose_penalty and can_choose(DatasetLabels(dataset))
    found = solve(config, run, machine, head, loss, split, chooses=chooses, tracking=tracking)

    head = features.folded(head)
    finish_classifier(
        config, run, dataset, encoder, head, h, means, finished=found.finished, train_s=found.train_s,
        parameters_trained=trained_parameters(head), best_epoch=found.best_epoch, labels_used=len(rows),
        **found.penalties,
    )  # fmt: skip
    return found.finished


@dataclass(frozen=True)
class Solved:
    """finished: not stopped. best_epoch: the round or penalty that was kept, from 1; None without validation images.

    penalties: for results.json, the L2 ``penalty`` and, of a chosen one, the ``penalties`` that were tried.
    """

    finished: bool
    best_epoch: int | None
    train_s: float
    penalties: dict[str, Any]


def solve(
    config: ProbeConfig,
    run: RunWriter,
    machine: Hardware,
    head: nn.Sequential,
    loss: ClassifierLoss,
    split: ProbeData,
    *,
    chooses: bool,
    tracking: Tracking | None = None,
) -> Solved:
    """Fill ``head`` with the weights that score best on validation: of all rounds at one penalty, or of all PENALTIES.

    An epoch is a round of ITERATIONS, or a penalty; without validation images the last one is kept. In float32 whatever
    the encoder computes in: one matrix product gains nothing by coarser numbers, and a line search gets lost in them.
    Raises TrainingError.
    """
    began, finished = time.perf_counter(), True
    linear, loss, split = linear_layer(head.to(machine.device)), loss.to(machine.device), split.to(machine.device)
    for parameter in linear.parameters():
        nn.init.zeros_(parameter)  # where no class is ahead
    learning = linear, loss, split.train, split.train_labels
    if chooses:
        told = _Told(run, tracking, "choosing the penalty", "choosing the penalty:", len(PENALTIES))
        steps = at_each_penalty(*learning, ITERATIONS * config.epochs)
    else:
        told = _Told(run, tracking, "training", "epoch", config.epochs)
        steps = at_one_penalty(*learning, config.weight_decay, config.epochs)
    if config.threads:
        torch.set_num_threads(config.threads)
    threads = AdaptiveThreads()
    if machine.device == "cpu" and split.train.numel() <= _ONE_CORE:
        torch.set_num_threads(1)
    elif machine.device == "cpu" and not config.threads:
        threads.on_train_start()

    scores: list[float] = []  # macro-F1 on validation, of each epoch
    kept = linear.state_dict()
    told.begins(1)
    for epoch, (penalty, last) in enumerate(steps, 1):
        threads.on_train_batch_end()
        found = _measured(linear, loss, split)
        told.ended(epoch, found | ({"train/penalty": penalty} if chooses else {}))
        if len(split.val):
            scores.append(found["val/macro_f1"])
            if scores[-1] > max(scores[:-1], default=-1.0):  # of equal ones the first, whose penalty is larger
                kept = deepcopy(linear.state_dict())
        if last or (config.patience and scores and epoch - _best(scores) >= config.patience):
            break
        if run.stop_requested():
            finished = False
            break
        told.begins(epoch + 1)
    threads.on_train_end()
    linear.load_state_dict(kept)
    head.cpu()
    penalties: dict[str, Any] = {"penalty": config.weight_decay}
    if chooses:
        tried = [{"penalty": each, "macro_f1": score} for each, score in zip(PENALTIES, scores, strict=False)]
        penalties = {"penalty": tried[_best(scores) - 1]["penalty"], "penalties": tried}
    return Solved(finished, _best(scores) if scores else None, time.perf_counter() - began, penalties)


def _best(scores: list[float]) -> int:
    """The epoch of the highest score, counted from 1."""
    return scores.index(max(scores)) + 1


class _Told:
    """Status and metrics of a solve. ``round_``: what an epoch is called."""

    def __init__(self, run: RunWriter, tracking: Tracking | None, stage: str, round_: str, count: int) -> None:
        self._run, self._tracking, self._stage, self._round, self._count = run, tracking, stage, round_, count
        if run.run.metrics():  # of an attempt that was cut
            run.resumed_from(0)

    def begins(self, epoch: int) -> None:
        counted = {"epoch": epoch, "epochs": self._count} if self._round == "epoch" else {}
        said = f"{self._round} {epoch} of {self._count}"
        self._run.status(stage=self._stage, message=said, **counted, step=epoch - 1, steps=self._count)

    def ended(self, epoch: int, values: dict[str, float]) -> None:
        self._run.metric(epoch, float(epoch), **values)
        if self._tracking is not None:
            self._tracking.metrics(epoch, float(epoch), values)
        shown = {name: round(value, 4) for name, value in values.items()}
        print(f"{self._round} {epoch} of {self._count}: {shown}", flush=True)


def _measured(linear: nn.Linear, loss: ClassifierLoss, split: ProbeData) -> dict[str, float]:
    """Loss, without the penalty, and scores of the weights as they are."""
    with torch.no_grad():
        logits = linear(split.train)
        right = (logits.argmax(1) == split.train_labels).float().mean()
        found = {"train/loss": float(loss(logits, split.train_labels)), "train/accuracy": float(right)}
        return found | (validation_scores(loss, linear(split.val), split.val_labels) if len(split.val) else {})
