import numpy as np
import pandas as pd
import pytest

from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.dataset import Dataset, write_dataset
from sealife_core.errors import DatasetError, RunError
from sealife_core.evaluation.curation.suspects import judge, suspects
from sealife_core.evaluation.embeddings.stored_embeddings import Embedded
from tests.evaluation.curation.made import clusters, flipped

NAMES = np.array(["crab", "eel", "ray"])


@pytest.fixture
def bay(home) -> tuple[Dataset, Embedded]:
    """Three classes of 20; the first three crabs are called eel, one eel has no label; in the run in another order."""
    features, labels = clusters(each=20, classes=3, spread=0.3)
    said = NAMES[labels]
    said[:3], said[25] = "eel", ""
    ids = [f"i{n:02}" for n in range(60)]
    manifest = pd.DataFrame(
        {
            "id": ids, "file": [f"images/{n}.jpg" for n in ids], "label": said, "split": "train", "group": "",
            "width": 4, "height": 3, "sha256": [f"{n:064x}" for n in range(60)],
            "source": [f"dive/{n}.jpg" for n in ids],
        }
    )  # fmt: skip
    dataset = write_dataset(home / "data" / "bay", manifest, {})
    return dataset, Embedded(tuple(ids[::-1]), features[::-1], "bay", dataset.content_hash)


def test_suspects__begin_with_the_wrong_labels(bay: tuple[Dataset, Embedded]) -> None:
    found = suspects(*bay)
    assert {one.id for one in found.ranked[:3]} == {"i00", "i01", "i02"}
    assert {one.id for one in found.ranked} == set(bay[0].manifest["id"]) - {"i25"}
    first, last = found.ranked[0], found.ranked[-1]
    assert (first.label, first.predicted, first.file) == ("eel", "crab", f"dive/{first.id}.jpg")
    assert first.probability > 0.5 > first.label_probability
    assert last.predicted == last.label
    assert last.probability == last.label_probability
    assert [one.doubt for one in found.ranked] == sorted((one.doubt for one in found.ranked), reverse=True)
    assert {*first.neighbours[:19]} == {f"i{n:02}" for n in range(20)} - {first.id}  # all crabs
    label_of = dict(zip(bay[0].manifest["id"], bay[0].manifest["label"], strict=True))
    assert first.neighbour_share == sum(label_of[other] == "eel" for other in first.neighbours) / 20


def test_suspects__leave_out_what_was_kept_and_say_what_is_unsure(bay: tuple[Dataset, Embedded]) -> None:
    dataset, embedded = bay
    dataset = correct(dataset, {"i00": {"review": "kept"}, "i01": {"review": "unsure"}})
    found = suspects(dataset, embedded)
    assert {one.id: one.review for one in found.ranked[:2]} == {"i01": "unsure", "i02": ""}
    assert (found.kept, len(found.ranked)) == (1, 58)


def test_suspects__name_classes_that_are_too_rare_to_judge(bay: tuple[Dataset, Embedded]) -> None:
    dataset, embedded = bay
    dataset = correct(dataset, {f"i{n}": {"label": "whale"} for n in range(56, 60)})
    found = suspects(dataset, embedded)
    assert found.too_rare == ("whale",)
    assert "whale" not in {one.label for one in found.ranked}
    assert len(found.ranked) == 55


def test_suspects__of_one_class_are_refused(bay: tuple[Dataset, Embedded]) -> None:
    dataset, embedded = bay
    dataset = correct(dataset, {f"i{n:02}": {"label": "crab"} for n in range(60)})
    with pytest.raises(DatasetError, match="at least two classes"):
        suspects(dataset, embedded)


def test_suspects__by_features_of_other_images_are_refused(bay: tuple[Dataset, Embedded]) -> None:
    dataset, embedded = bay
    others = Embedded(("x", "y"), embedded.values[:2], "bay", "")
    with pytest.raises(RunError, match="none of the labelled images of 'bay'"):
        suspects(dataset, others)


def test_suspects__without_any_label_are_refused(bay: tuple[Dataset, Embedded]) -> None:
    dataset, embedded = bay
    bare = correct(dataset, {image: {"label": ""} for image in dataset.manifest["id"]})
    with pytest.raises(DatasetError, match="No image of 'bay' has a label that could be doubted"):
        suspects(bare, embedded)


def test_judge__asks_no_copy_of_an_image_for_its_label() -> None:
    features, labels = clusters(each=10, spread=0.3)
    labels[:4] = 1  # one picture under four names, all of them wrong
    features[1:4] = features[0]
    alone, together = np.arange(60), np.arange(60)
    together[:4] = 0
    believing, doubting = judge(features, labels, alone), judge(features, labels, together)
    assert {*believing.neighbours[0, :3]} == {1, 2, 3}
    assert not {0, 1, 2, 3} & {*doubting.neighbours[0]}
    assert doubting.shares[0] < believing.shares[0]
    assert doubting.doubt[0] > believing.doubt[0]
    assert {*np.argsort(-doubting.doubt)[:4]} == {0, 1, 2, 3}


def test_judge__of_a_class_in_one_group_alone_is_refused() -> None:
    labels = np.array([0] * 10 + [1] * 4)
    groups = np.array([*range(10), 10, 10, 10, 10])
    with pytest.raises(DatasetError, match="at least two classes are needed"):
        judge(np.random.default_rng(0).normal(size=(14, 4)), labels, groups)


def test_judge__has_fewer_neighbours_where_the_other_groups_have() -> None:
    features, labels = clusters(each=10, classes=2)
    groups = np.tile(np.repeat([0, 1, 2, 3, 4], 2), 2)
    found = judge(features, labels, groups)
    assert ((found.neighbours >= 0).sum(1) == 16).all()
    assert (groups[found.neighbours[:, :16]] != groups[:, None]).all()


def test_judge__finds_most_flips_of_both_kinds() -> None:
    features, labels = clusters(each=60, spread=1.2)
    for pairs in (False, True):
        changed = flipped(labels, 0.05, pairs=pairs)
        first = np.argsort(-judge(features, changed, np.arange(len(labels))).doubt)[: len(labels) // 10]
        assert (changed != labels)[first].sum() >= 0.8 * (changed != labels).sum()
