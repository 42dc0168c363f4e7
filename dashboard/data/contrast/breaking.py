"""A part broken on purpose: what is asked before, and what both runs show afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass

from sealife_core.config import BROKEN, SimclrConfig, source_run
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.classification.predictions import read_predictions
from sealife_core.evaluation.contrast.breaking import (
    Measure,
    accuracy_measure,
    contrastive_measure,
    knn_measure,
    neighbours_of,
    outcome,
    weights_moved,
)
from sealife_core.evaluation.embeddings.stored_embeddings import read_embeddings
from sealife_core.runs.run import MODEL, Run
from sealife_core.studies.breaking import PROBE, SIMCLR, SWITCHES
from sealife_core.wording import percent

QUERIES, NEAREST = 3, 5
# What can be predicted of the first and the second measure, by how it changes, and what it is asked of.
ANSWERS = {-1: "lower", 0: "about the same", 1: "higher"}
ASKED = {
    SIMCLR: (
        "How often the pair is found in the batch (contrastive accuracy)",
        "How good the features are (k-NN accuracy)",
    ),
}
ASKED_OF_CLASSIFIERS = ("Accuracy on validation pictures", "Accuracy on test pictures")


@dataclass(frozen=True)
class Nearest:
    """One picture, and the rows of the training pictures nearest to it for one run."""

    row: int
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Measures:
    """What both runs show. intact, broken: the neighbours of the same pictures. moved: how far the encoder of a probe
    has moved, in words; "" of others."""

    measures: tuple[Measure, ...]
    intact: tuple[Nearest, ...]
    broken: tuple[Nearest, ...]
    moved: str


def questions(key: str) -> tuple[str, str]:
    """What is predicted before the switch ``key`` is tried."""
    return ASKED.get(SWITCHES[key].kind, ASKED_OF_CLASSIFIERS)


def written(guess: Sequence[int]) -> str:
    """A prediction as it stands in the URL."""
    return ",".join(map(str, guess))


def read_guess(text: str) -> tuple[int, int] | None:
    """The reverse of :func:`written`; None for what is none."""
    known = {written((a, b)): (a, b) for a in ANSWERS for b in ANSWERS}
    return known.get(text)


def measured(intact: Run, broken: Run, dataset: Dataset, other: Dataset) -> Measures:
    """Measures of two finished runs on ``dataset`` and, the broken one, on ``other``. Raises RunError."""
    config = broken.config()
    if isinstance(config, SimclrConfig):
        splits = ("val",) if config.broken == "validation-in-training" else ("val", "test")
        h = [read_embeddings(run.path).values for run in (intact, broken)]
        found = [contrastive_measure(intact.metrics(), broken.metrics()), knn_measure(h[0], h[1], dataset, splits)]
    else:
        tables = [read_predictions(run.path) for run in (intact, broken)]
        found = [accuracy_measure(tables[0], tables[1], split) for split in ("val", "test")]
    shown = _shown(dataset)
    near = [_nearest(run, of, shown) for run, of in ((intact, dataset), (broken, other))]
    return Measures(tuple(measure for measure in found if measure), near[0], near[1], _moved(broken))


def told(key: str, found: Measures) -> str:
    """What happened and why, in one paragraph."""
    switch = SWITCHES[key]
    title = BROKEN[key][0].upper() + BROKEN[key][1:]
    return " ".join(filter(None, (outcome(title, found.measures, switch.usual, switch.why), found.moved)))


def _shown(dataset: Dataset) -> list[str]:
    """Ids of a few labelled pictures that no run was trained on, of different classes."""
    rows = [*dataset.rows("test", labelled_only=True), *dataset.rows("val", labelled_only=True)]
    first = {int(dataset.labels[row]): row for row in reversed(rows)}
    chosen = [first[label] for label in sorted(first)]
    step = max(1, len(chosen) // QUERIES)
    return [str(dataset.manifest["id"].iloc[row]) for row in chosen[::step][:QUERIES]]


def _nearest(run: Run, dataset: Dataset, ids: Sequence[str]) -> tuple[Nearest, ...]:
    rows = [dataset.row_of(image_id) for image_id in ids]
    found = neighbours_of(read_embeddings(run.path).values, dataset, rows, NEAREST)
    return tuple(Nearest(row, tuple(near)) for row, near in zip(rows, found, strict=True))


def _moved(broken: Run) -> str:
    config = broken.config()
    source = source_run(config.weights)
    if SWITCHES[config.broken].kind != PROBE or source is None:
        return ""
    from safetensors.numpy import load_file

    moved = weights_moved(*(load_file(folder / MODEL) for folder in (broken.root / source, broken.path)))
    return f"The weights of its encoder moved by {percent(moved)} of their length; a frozen encoder's stay." * (
        moved > 0
    )
