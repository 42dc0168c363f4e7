"""What the features of a run say of labels, as the data set is now."""

import numpy as np
import pytest

from dashboard.cache import curation
from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.embeddings.stored_embeddings import write_embeddings
from sealife_core.runs.run import Run
from tests.finished.runs import clustered, features_run


@pytest.fixture
def run(tiny_reef: Dataset) -> Run:
    return features_run(tiny_reef)


def without_labels(dataset: Dataset, rows: range) -> Dataset:
    return correct(dataset, {dataset.manifest["id"][row]: {"label": ""} for row in rows})


def test_queue__is_of_the_labels_as_they_are(run: Run, tiny_reef: Dataset) -> None:
    assert curation.left(run, tiny_reef) == 0
    bare = without_labels(tiny_reef, range(10))
    assert curation.left(run, bare) == 10
    picks = curation.picks(run, bare, 4)
    assert len({pick.row for pick in picks} & set(range(10))) == 4
    assert curation.picks(run, bare, 4) is picks, "computed once"


def test_unseen__are_those_that_came_after_the_features(run: Run, tiny_reef: Dataset) -> None:
    bare = without_labels(tiny_reef, range(10))
    assert curation.unseen(run, bare) == 0
    few = bare.manifest["id"].tolist()[2:]
    index = run.path / "embeddings.json"
    index.write_text(index.read_text().replace(bare.manifest["id"][0], "another"))
    assert bare.manifest["id"][0] not in few
    assert curation.unseen(run, bare) == 1, "the features were read again"


def test_similar_rows__are_labelled_others_and_follow_the_features(run: Run, tiny_reef: Dataset) -> None:
    bare = without_labels(tiny_reef, range(10))
    near = curation.similar_rows(run, bare, (0, 20), 3)
    assert [len(rows) for rows in near] == [3, 3]
    assert not {row for rows in near for row in rows} & {*range(10), 20}
    values = clustered(tiny_reef)
    values[40] = values[0]
    write_embeddings(run.path, tiny_reef, np.asarray(values))
    assert curation.similar_rows(run, bare, (0,), 3)[0][0] == 40
    assert curation.similar_rows(run, bare, (), 3) == []


def test_placed_hash__depends_on_labels_and_groups_but_on_no_split(tiny_reef: Dataset) -> None:
    image, split = tiny_reef.manifest["id"][0], tiny_reef.manifest["split"][0]
    hashes = {curation.placed_hash(tiny_reef)}
    moved = correct(tiny_reef, {image: {"split": "val" if split == "train" else "train"}})
    assert {curation.placed_hash(moved)} == hashes
    assert curation.placed_hash(correct(moved, {image: {"label": ""}})) not in hashes
    assert curation.placed_hash(correct(moved, {image: {"group": "dive"}})) not in hashes
