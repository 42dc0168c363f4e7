"""The classifier layer that a fine-tune starts from: that of the run its encoder comes from, or a probe solved first.

A random layer would change the encoder's features before it has learned to use them; linear probing first and then
fine-tuning keeps them (Kumar et al. 2022, arXiv 2202.10054).
"""

import numpy as np
import torch
from torch import Tensor, nn

from sealife_core.config import PENALTIES, ClassifierConfig, FineTuneConfig, source_run
from sealife_core.datasets.dataset import Dataset
from sealife_core.launching.data_checks import labelled_rows
from sealife_core.models.checkpoint import load_model
from sealife_core.models.encoders import Encoder
from sealife_core.models.heads import linear_layer
from sealife_core.runs.directory import open_run
from sealife_core.runs.run import LAST
from sealife_core.runs.writer import RunWriter
from sealife_core.training.classifier import ClassifierLoss, ClassifierModule, validation_scores
from sealife_core.training.feature_extraction import frozen_features
from sealife_core.training.hardware import Hardware
from sealife_core.training.probe.lbfgs import at_each_penalty
from sealife_core.training.probe.standardised_features import Features, standardised

USUAL = 0.1  # without a validation split: what "Name my animals" takes then
ITERATIONS = 100  # a penalty: the loss is convex and starts near its optimum


def start_from_probe(
    config: FineTuneConfig,
    run: RunWriter,
    dataset: Dataset,
    module: ClassifierModule,
    encoder: Encoder,
    rows: np.ndarray,
    machine: Hardware,
) -> dict[str, float] | None:
    """Give ``module`` its starting head where the config asks for a probe's: (n,) ``rows`` are those to learn from.

    Returns what this start reaches on validation, as it stands in a row of metrics; None where the head stays random,
    where there is nothing to validate on, and for a run that goes on from its resume point, which has a head.
    """
    if config.head_from != "probe" or machine.rank or (run.path / LAST).exists():
        return None
    run.status(stage="starting head", message="computing features for the classifier layer to start from")
    val = dataset.rows("val", labelled_only=True)
    known = inherited_head(config, run, dataset, rows)

    h, labels = frozen_features(config, run, dataset, encoder, machine)[0], torch.from_numpy(dataset.labels)
    if known is not None:
        module.head.load_state_dict(known.state_dict())
    else:
        solve_probe(module.head, module.loss, standardised(h, dataset), labels, rows, val)
    if not len(val):
        return None
    with torch.no_grad():
        logits = module.head.eval()(torch.from_numpy(h[val]))
    module.head.train()
    return validation_scores(module.loss, logits, labels[val])


def inherited_head(config: FineTuneConfig, run: RunWriter, dataset: Dataset, rows: np.ndarray) -> nn.Module | None:
    """The head of the classifier run that the weights come from, if it tells the same classes apart on images of the
    same size, and has learned from no label that this run may not use; else None."""
    source = source_run(config.weights)
    if source is None:
        return None
    its = open_run(source, run.path.parent).config()
    if not isinstance(its, ClassifierConfig) or (its.data, its.image_size_px) != (config.data, config.image_size_px):
        return None
    if its.data_hash != dataset.content_hash or not np.isin(labelled_rows(its, dataset), rows).all():
        return None
    _, head, card = load_model(run.path.parent / source)
    return head if card.classes == list(dataset.classes) else None


def solve_probe(
    head: nn.Sequential, loss: ClassifierLoss, features: Features, labels: Tensor, rows: np.ndarray, val: np.ndarray
) -> float:
    """Fill ``head`` with the linear probe of the images ``rows`` (n,), whose penalty is best on those of ``val`` (m,).

    features, labels: of every image. loss: of logits and labels, the mean. Minimised is ``loss + penalty / 2 · Σ W²``
    on the standardised features. Returns the penalty.
    """
    standard, seen = features.values[rows], features.values[val]
    with torch.random.fork_rng(devices=[]):  # of several devices only one solves it; then all draw the same numbers
        linear = nn.Linear(standard.shape[1], linear_layer(head).out_features)
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    best, chosen = -np.inf, USUAL
    penalties = PENALTIES if len(val) else (USUAL,)
    for penalty, _ in at_each_penalty(linear, loss, standard, labels[rows], ITERATIONS, penalties):
        with torch.no_grad():
            found = validation_scores(loss, linear(seen), labels[val])["val/macro_f1"] if len(val) else 0.0
        if found > best:
            best, chosen = found, penalty
            linear_layer(head).load_state_dict(linear.state_dict())
    features.folded(head)
    return chosen
