"""The study "Does self-supervision help me?": its options, its numbers of labels, and its planned comparisons.

The comparison that decides is fixed here before any run has started: the first of DECIDES whose two options are in the
study. All of BESIDE are reported as well, corrected for their number (``verdict.py``).
"""

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from sealife_core.config import Part
from sealife_core.models.imagenet import is_here
from sealife_core.studies.study_settings import (
    ALL_LABELS,
    FINE_TUNE,
    FULL,
    IMAGENET,
    IMAGENET_SIMCLR,
    PROBE,
    QUICK,
    RANDOM,
    SIMCLR,
    Base,
    with_more_epochs,
)
from sealife_core.wording import counted

if TYPE_CHECKING:
    from sealife_core.datasets.dataset import Dataset

HELPS = "helps"
DINOV2 = "DINOv2"
ENCODERS = (RANDOM, SIMCLR, IMAGENET, IMAGENET_SIMCLR, DINOV2)
# The smallest network with good ImageNet weights, which are installed; and a network trained without labels by others.
NETWORK, DINOV2_NETWORK = "tf_efficientnet_lite0", "vit_small_patch14_dinov2"
IMAGE_SIZE_PX = {QUICK: 96, FULL: 224}
BUDGETS = (1, 2, 5, 10, 20, 50)  # labels a class; and all. A probe takes seconds with each of them
FINE_TUNED = {QUICK: (5, 20), FULL: BUDGETS}  # fine-tuning takes minutes
SEEDS = {QUICK: 3, FULL: 5}
Option = tuple[str, str]  # encoder, use
# A probe of an untrained encoder is useless; fine-tuning DINOv2 takes too long on two cores.
OPTIONS: tuple[Option, ...] = tuple(
    option for option in product(ENCODERS, (PROBE, FINE_TUNE)) if option not in ((RANDOM, PROBE), (DINOV2, FINE_TUNE))
)
Comparison = tuple[Option, Option]  # baseline, other
DECIDES: tuple[Comparison, ...] = (
    ((IMAGENET, PROBE), (IMAGENET_SIMCLR, PROBE)),
    ((RANDOM, FINE_TUNE), (SIMCLR, FINE_TUNE)),
)
BESIDE: tuple[Comparison, ...] = (
    ((IMAGENET, FINE_TUNE), (IMAGENET_SIMCLR, FINE_TUNE)),
    ((RANDOM, FINE_TUNE), (SIMCLR, FINE_TUNE)),
    ((IMAGENET, PROBE), (DINOV2, PROBE)),
)


def encoders_here() -> tuple[str, ...]:
    """All encoders, DINOv2 only if its weights are on this machine: they rarely are."""
    return ENCODERS if is_here(DINOV2_NETWORK) else ENCODERS[:-1]


def largest_class(dataset: "Dataset") -> int:
    """The number of training labels of the largest class."""
    labels = dataset.labels[dataset.rows("train", labelled_only=True)]
    return int(np.bincount(labels).max(initial=0))


def build_helps(base: Base, seed: int) -> list[Part]:
    """Options × labels per class, all with one network and image size, except for DINOv2's network.

    A *Quick* study fine-tunes with fewer numbers of labels than it probes. Numbers of labels that the largest class
    does not have are left out: they equal "all".
    """
    network = {"encoder": NETWORK, "stem": "auto", "image_size_px": IMAGE_SIZE_PX[base.size]}
    base = replace(base, source="", source_values=network)
    budgets = [n for n in BUDGETS if not base.per_class or n < base.per_class]
    parts, weights = base.weights(seed)
    weights[DINOV2] = "imagenet"
    for (encoder, use), labels in product(OPTIONS, (*budgets, ALL_LABELS)):
        if encoder in base.encoders and (use == PROBE or labels in (*FINE_TUNED[base.size], ALL_LABELS)):
            parts.append(_part(base, (encoder, use), weights[encoder], labels, seed))
    return parts


def _part(base: Base, option: Option, weights: str, labels: int | str, seed: int) -> Part:
    encoder, use = option
    few = labels if isinstance(labels, int) else 0
    values = {"encoder": DINOV2_NETWORK} if encoder == DINOV2 else {}
    task = "probe" if use == PROBE else "scratch" if encoder == RANDOM else "finetune"
    if task == "finetune":  # where labels are few, all of a network with a random head ends below its own probe
        values["head_from"] = "probe"
    config = base.config(task, weights=weights, seed=seed, labels_per_class=few, **values)
    if use == FINE_TUNE and few and base.per_class:
        config = with_more_epochs(config, 100 * few / base.per_class)
    said = f"{counted(few, 'label')} per class" if few else "all labels"
    cell = {"encoder": encoder, "use": use, "labels": labels}
    return Part(key=f"{encoder}, {use}, {said}, seed {seed}", config=config, cell=cell)
