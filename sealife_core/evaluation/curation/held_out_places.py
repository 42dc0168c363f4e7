"""How much accuracy a new place costs: the same images, held out at random and with their whole place.

Each image is named twice by a linear probe on stored features: once by one that has not seen the image, once by one
that has seen nothing of its site, dive or day. Both learned from as many images. Accuracy elsewhere is what counts in
the field; random held-out images of known places overstate it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from threading import Lock

import numpy as np
from jaxtyping import Float, Int
from threadpoolctl import threadpool_limits

from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.holding_out import GROUP, places_of
from sealife_core.errors import DatasetError, RunError
from sealife_core.evaluation.curation.held_out_folds import held_out_predictions
from sealife_core.evaluation.curation.label_free_features import learned_from_labels, run_without_labels
from sealife_core.evaluation.curation.out_of_fold import FOLDS, grouped_folds
from sealife_core.evaluation.curation.place_scores import HeldOut, scored
from sealife_core.evaluation.curation.queue_features import points_of
from sealife_core.evaluation.embeddings.stored_embeddings import read_embeddings
from sealife_core.progress import Progress
from sealife_core.runs.names import find_run

MOST_TRAINED = 5000  # images of one probe: ten probes then take some 5 s
_ONE_AT_A_TIME = Lock()  # two that limit threads at once would leave them limited


def held_out_of(dataset: Dataset, by: str, run_id: str | None = None, progress: Progress | None = None) -> HeldOut:
    """Accuracy on the labelled images of ``dataset``, held out at random and with their whole place, of probes of as
    many training images on the embeddings of a run.

    by: "group", or a pattern (``datasets/grouping/patterns.py``) that names the place of an image. run_id: or its name,
    or the beginning of its id; by default that of :func:`label_free_features.run_without_labels`. Raises DatasetError
    and RunError.
    """
    places = places_of(dataset, by, progress)
    run = run_without_labels(dataset) if run_id is None else find_run(run_id)
    if learned_from_labels(run):
        raise RunError(
            f"The encoder of run '{run.id}' has learned from these labels, so that it has seen every place. Choose a"
            " run with a frozen encoder ('classify', a probe, 'embed') or SimCLR's."
        )
    embedded = read_embeddings(run.path)
    rows = embedded.rows_in(dataset)
    placed = np.array([bool(place) for place in places]) & (dataset.labels >= 0)
    at = np.flatnonzero((rows >= 0) & placed[rows])
    if not len(at):
        raise DatasetError(
            f"No labelled image of {dataset.name!r} with features in run '{run.id}' has a place by {by!r}. Group the"
            " images ('data group'), or name their places by another pattern."
        )
    rows = rows[at]
    features = np.asarray(embedded.values[at], np.float32)
    groups = [""] * len(rows) if by == GROUP else dataset.manifest["group"].to_numpy()[rows].tolist()
    labels, of = dataset.labels[rows], [places[row] for row in rows]
    said, trained_on = predictions(features, labels, of, groups, seed=0, progress=progress)
    found = scored(said, labels, of, trained_on, dataset.classes, seed=0)
    ids = dataset.manifest["id"].to_numpy()[rows]
    known = (said >= 0).all(axis=0)
    named = {image: dataset.classes[label] for image, label in zip(ids[known], said[1, known], strict=True)}
    return replace(found, run=run.id, predicted=named)


def need_places(labels: Int[np.ndarray, " n"], places: Sequence[str]) -> None:
    """Raises DatasetError for fewer than two places, and where every place has classes of its own only."""
    if len(set(places)) < 2:
        raise DatasetError(f"All images are of one place, {places[0]!r}; to hold one out, there must be two.")
    homes: dict[int, set[str]] = defaultdict(set)
    for label, place in zip(labels.tolist(), places, strict=True):
        homes[label].add(place)
    if all(len(of) == 1 for of in homes.values()):
        raise DatasetError("Every class is at one place only: there is no other place to learn it from.")


def predictions(
    features: Float[np.ndarray, "n d"],
    labels: Int[np.ndarray, " n"],
    places: Sequence[str],
    groups: Sequence[str],
    seed: int,
    progress: Progress | None = None,
) -> tuple[Int[np.ndarray, "2 n"], int]:
    """What probes say of each image, held out at random and with its whole place (-1 where none knows its class), and
    of how many images they learned.

    places: of each image; groups: those that random folds keep whole, as the splits of a data set do ("" is none).
    Raises DatasetError for fewer than two places, and where every place has classes of its own only.
    """
    need_places(labels, places)
    _, place = np.unique(places, return_inverse=True)
    count = int(place.max()) + 1
    units = np.unique(
        [group or f"\0{row}" for row, group in enumerate(groups or [""] * len(labels))], return_inverse=True
    )[1]
    one_class = np.zeros(len(labels), np.int64)  # only the sizes of the folds are to be even
    folds = [grouped_folds(one_class, of, seed, min(FOLDS, count)) for of in (units, place)]
    trained_on = min(len(labels) - np.bincount(fold).max() for fold in folds)
    trained_on = min(int(trained_on), MOST_TRAINED)
    if not trained_on:
        raise DatasetError("All images are of one group, so that no image can be held out without all others.")
    seen = points_of((), features).values
    probes = sum(len(np.unique(fold)) for fold in folds)
    done = iter(range(1, probes + 1))

    def tell() -> None:
        if progress:
            progress("Holding places out", next(done), probes)

    # On a busy machine, the threads of a product of small matrices wait for each other longer than they compute.
    with _ONE_AT_A_TIME, threadpool_limits(1, "blas"):
        said = [held_out_predictions(seen, labels, fold, trained_on, seed, tell) for fold in folds]
    return np.stack(said), trained_on
