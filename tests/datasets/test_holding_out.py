"""Places become the test split whole: what moves, what a split lacks then, and the way back."""

from pathlib import Path

import pytest

from sealife_core.datasets.corrections.editing import correct, move, undo
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.datasets.holding_out import (
    GROUP,
    PlacesTested,
    hold_out,
    places_of,
    places_tested,
    plan_holding_out,
)
from sealife_core.errors import DatasetError
from tests.datasets.test_mending import made


@pytest.fixture
def bay(home: Path) -> Dataset:
    """Four sites of six images, split at random; the ray is at site d alone, and one image has no place."""
    labels = [*["crab", "eel", "crab", "eel", "crab", "eel"] * 3, *["ray"] * 6, "crab"]
    splits = [*["train", "train", "train", "train", "val", "test"] * 4, "test"]
    groups = [*(site for site in "abcd" for _ in range(6)), ""]
    return made(home / "data" / "bay", labels, splits, groups)


def splits_of(dataset: Dataset) -> dict[str, set[str]]:
    """Place → the splits that its images are in."""
    of = dataset.manifest.groupby("group")["split"]
    return {str(place): set(splits) for place, splits in of}


def test_hold_out__makes_the_places_the_test_split_and_nothing_else_is_in_it(bay: Dataset):
    plan = plan_holding_out(bay, ["a", "b"], places_of(bay, GROUP))
    assert open_dataset("bay").version == 0, "a plan changes nothing"
    assert plan.between == {("train", "test"): 8, ("val", "test"): 2, ("test", "train"): 3}
    assert (plan.before, plan.after) == ({"train": 16, "val": 4, "test": 5}, {"train": 11, "val": 2, "test": 12})
    held = hold_out(bay, plan, by="Ada")
    assert splits_of(held) == {
        "a": {"test"}, "b": {"test"}, "c": {"train", "val"}, "d": {"train", "val"}, "": {"train"},
    }  # fmt: skip
    assert (held.version, held.entries[0].why, held.entries[0].by) == (1, "place", "Ada")
    assert undo(held, 1).content_hash == bay.content_hash


def test_hold_out__what_is_left_out_goes_with_its_place(bay: Dataset):
    ids = bay.manifest["id"].tolist()
    trained, tested, other = (str(ids[place]) for place in (0, 11, 12))  # of the sites a, b and c
    left = correct(bay, {image: {"excluded": "yes"} for image in (trained, tested, other)})
    held = hold_out(left, plan_holding_out(left, ["a"], places_of(left, GROUP)))
    back = correct(held, {image: {"excluded": ""} for image in (trained, tested, other)})
    splits = dict(zip(back.manifest["id"], back.manifest["split"], strict=True))
    assert [splits[image] for image in (trained, tested, other)] == ["test", "train", "train"]


def test_hold_out__of_other_places_replaces_those_before(bay: Dataset):
    places = places_of(bay, GROUP)
    held = hold_out(bay, plan_holding_out(bay, ["a"], places))
    held = hold_out(held, plan_holding_out(held, ["b"], places))
    assert {place for place, splits in splits_of(held).items() if "test" in splits} == {"b"}
    with pytest.raises(DatasetError, match="is the images of these places already"):
        hold_out(held, plan_holding_out(held, ["b"], places))


def test_plan__says_which_classes_a_split_would_lack(bay: Dataset):
    places = places_of(bay, GROUP)
    said = " ".join(plan_holding_out(bay, ["d"], places).sentences)
    assert "Images that move: 4 from test to training, 4 from training to test, 1 from validation to test." in said
    assert "Classes missing from training: 'ray' (6 images). A classifier cannot learn them." in said
    assert "Classes missing from test: 'crab' (10 images). They are not counted in the test scores." in said
    assert "Classes missing from validation and test: 'eel' (9 images)." in said
    every = " ".join(plan_holding_out(bay, ["a"], places).sentences)
    assert "missing from training" not in every
    assert "Classes missing from test: 'ray' (6 images)." in every


def test_plan__leaves_images_without_a_label_and_says_so(bay: Dataset):
    ids = bay.manifest["id"].tolist()
    bay = correct(bay, {ids[0]: {"label": ""}, ids[1]: {"label": ""}})
    places = places_of(bay, GROUP)
    plan = plan_holding_out(bay, ["a"], places)
    assert "2 images of these places have no label: SimCLR learns from what has none." in " ".join(plan.sentences)
    held = hold_out(bay, plan)
    assert held.manifest["split"][:6].tolist() == ["train", "train", "test", "test", "test", "test"]
    assert places_tested(held, places) == PlacesTested(("a",), (), 0, unlabelled=2)


def test_places_tested__tells_new_ones_from_known(bay: Dataset):
    places = places_of(bay, GROUP)
    assert places_tested(bay, places) == PlacesTested((), ("a", "b", "c", "d"), 1, 0)
    held = hold_out(bay, plan_holding_out(bay, ["a", "c"], places))
    assert places_tested(held, places) == PlacesTested(("a", "c"), (), 0, 0)
    mixed = move(held, {0: "train"})
    assert places_tested(mixed, places) == PlacesTested(("c",), ("a",), 0, 0)


def test_plan__refuses_unknown_places_none_and_all(bay: Dataset):
    places = places_of(bay, GROUP)
    with pytest.raises(DatasetError, match=r"is of a place 'e'\. Its places: 'a', 'b', 'c', 'd'"):
        plan_holding_out(bay, ["a", "e"], places)
    with pytest.raises(DatasetError, match="at least one place"):
        plan_holding_out(bay, [], places)
    placed = correct(bay, {bay.manifest["id"].iloc[-1]: {"group": "a"}})
    with pytest.raises(DatasetError, match="nothing would be left to learn from"):
        plan_holding_out(placed, list("abcd"), places_of(placed, GROUP))


def test_hold_out__is_refused_where_somebody_has_moved_one_meanwhile(bay: Dataset):
    plan = plan_holding_out(bay, ["a"], places_of(bay, GROUP))
    move(bay, {0: "val"})
    with pytest.raises(DatasetError, match="Someone else has just changed 1"):
        hold_out(bay, plan)
