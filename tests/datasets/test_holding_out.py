"""Places become the test split whole: what moves, what a split lacks then, and the way back."""

from pathlib import Path

import pytest

from sealife_core.datasets.corrections.editing import correct, move, redo, said, undo
from sealife_core.datasets.corrections.exchange import apply_csv, corrections_csv
from sealife_core.datasets.dataset import Dataset, open_dataset, write_dataset
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


@pytest.fixture(params=[GROUP, "column:site"])
def by(request: pytest.FixtureRequest) -> str:
    """What names a place."""
    return request.param


@pytest.fixture
def sites(home: Path) -> Dataset:
    """Three sites of four images, each told by group and by a column; the first of each has no label."""
    return sited(home / "data" / "sites", ["train", "train", "val", "test"] * 3)


def sited(folder: Path, splits: list[str]) -> Dataset:
    groups = list("aaaabbbbcccc") + ["a"] * (len(splits) - 12)
    dataset = made(folder, ["", "crab", "eel", "crab"] * (len(splits) // 4), splits, groups)
    return write_dataset(folder, dataset.manifest.assign(**{"table:site": groups}), {})


def held(dataset: Dataset, by: str, *chosen: str) -> Dataset:
    plan = plan_holding_out(dataset, chosen, places_of(dataset, by))
    return hold_out(dataset, plan, places_by=by)


def answered(dataset: Dataset, image: str) -> Dataset:
    """An answer of the queue that was asked before any place was held out."""
    return correct(dataset, {image: {"label": "crab", "split": "train"}}, why="queue")


def split_of(dataset: Dataset, image: str) -> str:
    return str(dataset.manifest["split"].iat[dataset.row_of(image)])


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


def test_hold_out__takes_along_what_has_no_label_yet_however_it_gets_one(sites: Dataset, by: str):
    now = held(sites, by, "a")
    assert said(now.entries[0]) == "4 images moved.", "without its label it stays where it was"
    assert split_of(now, "i0") == "train"
    by_hand = correct(now, {"i0": {"label": "crab"}})
    assert split_of(by_hand, "i0") == "test"
    back = undo(by_hand, 2)
    assert split_of(back, "i0") == "train"
    assert split_of(redo(back, 2), "i0") == "test"
    assert split_of(answered(undo(by_hand, 2), "i0"), "i0") == "test", "it was asked before, and answered after"
    assert split_of(answered(now, "i4"), "i4") == "train", "of a place that is not held out"


def test_hold_out__keeps_what_was_answered_or_moved_before_and_is_undone_or_redone_after(sites: Dataset, by: str):
    now = move(answered(sites, "i0"), {1: "test"})
    now = held(undo(now, 1), by, "a")
    now = redo(undo(now, 2), 1)
    assert {split_of(now, image) for image in ("i0", "i1", "i2", "i3")} == {"test"}
    assert split_of(undo(now, 4), "i0") == "train", "that it is held out can be undone"


def test_redo__of_a_place_held_out_is_refused_where_it_was_learned_from_meanwhile(sites: Dataset, by: str):
    now = answered(undo(held(sites, by, "a"), 1), "i0")
    with pytest.raises(DatasetError, match=r"With correction 1 redone, 1 image .* Hold the places out again instead"):
        redo(now, 1)
    now = redo(undo(now, 3), 1)
    with pytest.raises(DatasetError, match="With correction 3 redone, 1 image"):
        redo(now, 3)
    assert open_dataset("sites").version == now.version == 5
    assert split_of(redo(undo(move(now, {1: "train"}), 6), 6), "i1") == "train", "moved by hand"


def test_undo__of_other_places_is_refused_where_those_before_were_learned_from_meanwhile(sites: Dataset, by: str):
    now = held(held(sites, by, "a"), by, "b")
    assert split_of(undo(now, 2), "i1") == "test"
    now = move(answered(open_dataset("sites"), "i0"), {1: "val"})
    now = redo(now, 2)
    now = answered(now, "i0")
    with pytest.raises(DatasetError, match="With correction 2 undone, "):
        undo(now, 2)


def test_hold_out__applied_to_a_fresh_import_holds_the_places_out_whole(sites: Dataset, home: Path, tmp_path: Path, by):
    now = answered(correct(held(sites, by, "a"), {"i0": {"label": "eel"}}, by="Ada"), "i4")
    (tmp_path / "c.csv").write_text(corrections_csv(now))
    same = apply_csv(sited(home / "data" / "same", sites.manifest["split"].tolist()), tmp_path / "c.csv").dataset
    assert same.manifest.equals(now.manifest)
    assert apply_csv(same, tmp_path / "c.csv").entries == 0
    more = sited(home / "data" / "more", ["train", "test", "train", "val"] * 4)  # other splits, and more of site a
    found = apply_csv(more, tmp_path / "c.csv").dataset
    splits = dict(zip(found.manifest["id"], found.manifest["split"], strict=True))
    assert {image for image in splits if splits[image] == "test"} == {"i0", "i1", "i2", "i3", "i13", "i14", "i15"}
    assert split_of(correct(found, {"i12": {"label": "crab"}}), "i12") == "test"
    already = apply_csv(sited(home / "data" / "already", ["train", *["test"] * 3, *["train"] * 8]), tmp_path / "c.csv")
    assert said(already.dataset.entries[0]) == "No image moved."
    assert split_of(already.dataset, "i0") == "test"
