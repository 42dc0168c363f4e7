"""A part broken on purpose: what is asked before, and what both runs show afterwards."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from sealife_core.config import BROKEN, SimclrConfig, source_run
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import SealifeError
from sealife_core.evaluation.classification.predictions import read_predictions
from sealife_core.evaluation.contrast.ablation_effects import (
    FEATURES,
    PRETEXT,
    TEST,
    VALIDATION,
    Measure,
    accuracy_measure,
    contrastive_measure,
    ignored_measure,
    knn_measure,
    neighbours_of,
    outcome,
    weights_moved,
)
from sealife_core.evaluation.embeddings.stored_embeddings import Snapshots, read_embeddings, read_snapshots, rows_of
from sealife_core.runs.run import MODEL, Run
from sealife_core.studies.ablation_pairs import PROBE, SIMCLR, SWITCHES
from sealife_core.wording import percent

if TYPE_CHECKING:  # it imports torch
    from sealife_core.evaluation.contrast.invariance import Response

T = TypeVar("T")
QUERIES, NEAREST = 3, 5
CHANGED = 32  # pictures whose colours and light are changed
ANSWERS = {-1: "lower", 0: "about the same", 1: "higher"}
# What is predicted of SimCLR and of classifiers: name of the measure → question.
ASKED = {
    PRETEXT: "How often the pair is found in the batch (contrastive accuracy)",
    FEATURES: "How good the features are (k-NN accuracy)",
}
ASKED_OF_CLASSIFIERS = {VALIDATION: "Accuracy on validation pictures", TEST: "Accuracy on test pictures"}


@dataclass(frozen=True)
class Nearest:
    """One picture, and the rows of the training pictures nearest to it for one run."""

    row: int
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Measures:
    """What both runs show. intact, broken: the neighbours of the same pictures. moved: how far the encoder of a probe
    has moved, in words; "" of others. lost: why something is not shown, a sentence each."""

    measures: tuple[Measure, ...]
    intact: tuple[Nearest, ...]
    broken: tuple[Nearest, ...]
    moved: str
    lost: tuple[str, ...] = ()


def questions(key: str) -> dict[str, str]:
    """What is predicted before the switch ``key`` is tried: name of the measure → question."""
    return ASKED if SWITCHES[key].kind == SIMCLR else ASKED_OF_CLASSIFIERS


def predictions(key: str, guess: Sequence[int], found: Measures) -> list[tuple[Measure, int]]:
    """The measures that there are of those asked about, and what was predicted of each."""
    answers = dict(zip(questions(key), guess, strict=True))
    return [(measure, answers[measure.name]) for measure in found.measures if measure.name in answers]


def written(guess: Sequence[int]) -> str:
    """A prediction as it stands in the URL."""
    return ",".join(map(str, guess))


def read_guess(text: str) -> tuple[int, int] | None:
    """The reverse of :func:`written`; None for what is none."""
    known = {written((a, b)): (a, b) for a in ANSWERS for b in ANSWERS}
    return known.get(text)


def measured(
    intact: Run, broken: Run, dataset: Dataset, other: Dataset, seeds: Sequence[Run],
    response: Callable[[Run], "Response"],
) -> Measures:  # fmt: skip
    """Measures of two finished runs on ``dataset`` and, the broken one, on ``other``.

    seeds: the intact run with other seeds. response: how h of a SimCLR run responds to changed pictures. What cannot be
    read is left out, and said in ``lost``.
    """
    lost: list[str] = []
    splits = ("val",) if broken.config().broken == "validation-in-training" else ("val", "test")
    found = _measures(intact, broken, dataset, splits, response, lost)
    # What another seed lost is no loss to the two runs that are shown.
    by_chance = [one for seed in seeds for one in _measures(intact, seed, dataset, splits, response, [])]
    measures = tuple(
        replace(one, by_chance=max((abs(c.difference.value) for c in by_chance if c.name == one.name), default=None))
        for one in found
    )
    # SimCLR's snapshots hold validation pictures; of other runs these are what was broken.
    stored = isinstance(intact.config(), SimclrConfig) and "test" in splits
    shown = _shown(dataset, ("val", "test"), _stored(intact, broken)) if stored else _shown(dataset, ("test", "val"))
    both = ((intact, dataset), (broken, other))
    near = _tried(lambda: [_nearest(run, of, shown) for run, of in both], lost) or [(), ()]
    moved = _tried(lambda: _moved(broken), lost) or ""
    return Measures(measures, near[0], near[1], moved, tuple(dict.fromkeys(lost)))


def _measures(
    a: Run, b: Run, dataset: Dataset, splits: tuple[str, ...], response: Callable[[Run], "Response"], lost: list[str]
) -> list[Measure]:
    """What there is to measure of two runs; ``lost`` gets why the rest is not. splits: whose images ask for their
    class."""
    if isinstance(a.config(), SimclrConfig):
        ways: list[Callable[[], Measure | None]] = [
            lambda: contrastive_measure(a.metrics(), b.metrics()),
            lambda: knn_measure(_h(a), _h(b), dataset, splits),
            lambda: ignored_measure(response(a), response(b)),
        ]
    else:
        ways = [partial(_accuracy, a, b, split) for split in splits]
    return [measure for way in ways if (measure := _tried(way, lost)) is not None]


def _h(run: Run) -> np.ndarray:
    return read_embeddings(run.path).values


def _accuracy(a: Run, b: Run, split: str) -> Measure | None:
    first, second = (read_predictions(run.path) for run in (a, b))
    return accuracy_measure(first, second, split)


def _tried(way: Callable[[], T], lost: list[str]) -> T | None:
    """What ``way`` returns; None, and the reason in ``lost``, where files of a run are gone or damaged."""
    try:
        return way()
    except SealifeError as error:
        lost.append(str(error))
        return None


def told(key: str, found: Measures) -> str:
    """What happened and why, in one paragraph; "" where nothing can be measured."""
    if not found.measures:
        return ""
    switch = SWITCHES[key]
    title = BROKEN[key][0].upper() + BROKEN[key][1:]
    usual = dict(zip(questions(key), switch.usual, strict=True))
    return " ".join(filter(None, (outcome(title, found.measures, usual, switch.why, switch.source), found.moved)))


def asked_of(measure: Measure, run: Run, dataset: Dataset) -> str:
    """Among how many views ``run`` had to find the right one, in how many steps; or how many pictures, of which split.

    dataset: what ``run`` was trained on. Without the first, runs of different batches look comparable.
    """
    config, n = run.config(), (measure.n_broken if run.broken else None) or measure.n
    if measure.name == PRETEXT and isinstance(config, SimclrConfig):
        views = 2 * min(config.batch_size, len(dataset.rows("train")))
        by = "" if config.normalised else ", by dot product"
        return f"right one among {views - 1:,} views{by}, {n:,} steps at the end"
    if measure.name == FEATURES:
        only = measure.n <= len(dataset.rows("val", labelled_only=True))
        return f"{measure.n:,} {'validation' if only else 'validation and test'} pictures"
    return f"{measure.n:,} pictures"


def _stored(*runs: Run) -> set[str]:
    """Ids of the pictures in the snapshots of all ``runs``, which can be looked at after any epoch; none without."""
    try:
        return set.intersection(*(set(read_snapshots(run.path).ids) for run in runs))
    except SealifeError:
        return set()


def _shown(dataset: Dataset, splits: Sequence[str], among: Collection[str] = ()) -> list[str]:
    """Ids of a few labelled pictures of ``splits``, of different classes, those of the first split first; of those in
    ``among`` if there are any."""
    rows = [row for split in splits for row in dataset.rows(split, labelled_only=True)]
    rows = [row for row in rows if dataset.manifest["id"].iloc[row] in among] or rows
    first = {int(dataset.labels[row]): row for row in reversed(rows)}
    chosen = [first[label] for label in sorted(first)]
    step = max(1, len(chosen) // QUERIES)
    return [str(dataset.manifest["id"].iloc[row]) for row in chosen[::step][:QUERIES]]


def shared_epochs(stored: Sequence[Snapshots], dataset: Dataset, rows: Sequence[int]) -> list[int]:
    """The epochs after which all of ``stored`` hold features of ``rows``; none where they leave out one of these."""
    if not all(set(rows) <= set(rows_of(one.ids, dataset).tolist()) for one in stored):
        return []
    return sorted(set.intersection(*(set(one.epochs) for one in stored)))


def nearest_at(stored: Snapshots, epoch: int, dataset: Dataset, rows: Sequence[int]) -> tuple[Nearest, ...]:
    """The training images nearest to each of ``rows`` after ``epoch``, of those whose features are stored."""
    there = rows_of(stored.ids, dataset)
    values = stored.values[stored.epochs.index(epoch)][there >= 0]
    h = np.zeros((len(dataset), values.shape[1]), values.dtype)
    h[there[there >= 0]] = values
    found = neighbours_of(h, dataset, rows, NEAREST, among=there)
    return tuple(Nearest(row, tuple(near)) for row, near in zip(rows, found, strict=True))


def _nearest(run: Run, dataset: Dataset, ids: Sequence[str]) -> tuple[Nearest, ...]:
    rows = [dataset.row_of(image_id) for image_id in ids]
    found = neighbours_of(_h(run), dataset, rows, NEAREST)
    return tuple(Nearest(row, tuple(near)) for row, near in zip(rows, found, strict=True))


def _moved(broken: Run) -> str:
    config = broken.config()
    source = source_run(config.weights)
    if SWITCHES[config.broken].kind != PROBE or source is None:
        return ""
    from sealife_core.models.checkpoint import read_safetensors

    before, after = (read_safetensors(folder / MODEL) for folder in (broken.root / source, broken.path))
    moved = weights_moved(*({name: one.float().numpy() for name, one in of.items()} for of in (before, after)))
    return f"The weights of its encoder moved by {percent(moved)} of their length; a frozen encoder's stay." * (
        moved > 0
    )
