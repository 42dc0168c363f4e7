"""What the features of a run say of the labels of a data set; kept."""

import numpy as np

from dashboard.cache.embeddings import EMBEDDED, stored
from dashboard.cache.keeping import kept
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.manifest import digest
from sealife_core.evaluation.curation.label_queue import Bought, LabelQueue, Pick
from sealife_core.evaluation.curation.queue_features import Points, points_of
from sealife_core.evaluation.embeddings.neighbours import nearest
from sealife_core.runs.run import Run


@kept(4, *EMBEDDED, spinner="Comparing the pictures…")
def _points(run: Run) -> Points:
    found = stored(run, "h")
    return points_of(found.ids, found.values)


@kept(8, *EMBEDDED)
def _queue(run: Run, dataset: Dataset) -> LabelQueue:
    return LabelQueue(dataset, _points(run))


def left(run: Run, dataset: Dataset) -> int:
    """How many pictures are still to label."""
    return int(_queue(run, dataset).open.sum())


@kept(8, *EMBEDDED)
def unseen(run: Run, dataset: Dataset) -> int:
    """How many pictures without a label came after the features, and wait for newer ones."""
    known = set(_points(run).ids)
    return sum(image not in known for image in dataset.manifest["id"][dataset.labels < 0].tolist())


@kept(8, *EMBEDDED)
def picks(run: Run, dataset: Dataset, count: int) -> list[Pick]:
    """What to label next."""
    return _queue(run, dataset).picks(count)


@kept(8, *EMBEDDED)
def bought(run: Run, dataset: Dataset) -> list[Bought]:
    """What the answers so far have bought."""
    return _queue(run, dataset).bought()


@kept(16)
def placed_hash(dataset: Dataset) -> str:
    """A hash of all that accuracy at new places depends on: images, labels and groups, but no split."""
    columns = (dataset.manifest[column].tolist() for column in ("id", "label", "group"))
    return digest(list(zip(*columns, strict=True)))


@kept(8, *EMBEDDED)
def similar_rows(run: Run, dataset: Dataset, rows: tuple[int, ...], k: int) -> list[list[int]]:
    """For each of ``rows`` the ``k`` labelled pictures of the data set that are most similar, the nearest first."""
    found = stored(run, "h")
    of_run = found.rows_in(dataset)
    bank = np.flatnonzero((of_run >= 0) & (dataset.labels[of_run] >= 0))
    place = {row: at for at, row in enumerate(of_run.tolist())}
    if not len(bank) or not rows:
        return [[] for _ in rows]
    order, _ = nearest(np.asarray(found.values[bank]), np.asarray(found.values[[place[row] for row in rows]]), k + 1)
    return [
        [int(of_run[bank[at]]) for at in line if of_run[bank[at]] != row][:k]
        for row, line in zip(rows, order, strict=True)
    ]
