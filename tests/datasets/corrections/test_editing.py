"""What people change is laid over the import, and any of it can be taken back."""

import threading
from collections.abc import Mapping

import pytest

from sealife_core.datasets.corrections.draft import Draft
from sealife_core.datasets.corrections.editing import add_entries, correct, move, redo, rename_class, said, undo
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.datasets.manifest import MANIFEST
from sealife_core.errors import DatasetError


def labels(dataset: Dataset) -> Mapping[str, str]:
    return dict(zip(dataset.manifest["id"], dataset.manifest["label"], strict=True))


def test_correct__is_there_when_the_data_set_is_opened_again_and_the_import_is_not_touched(bay: Dataset):
    before = (bay.folder / MANIFEST).read_bytes()
    now = correct(bay, {"i0": {"label": "ray"}, "i1": {"split": "val", "group": "dive"}}, by=" Ada ", why="suspect")
    again = open_dataset("bay")
    assert (bay.folder / MANIFEST).read_bytes() == before
    assert again.content_hash == now.content_hash != bay.content_hash
    assert labels(again)["i0"] == "ray"
    assert again.manifest[["split", "group"]].iloc[1].tolist() == ["val", "dive"]
    entry = again.entries[-1]
    assert (entry.number, entry.by, entry.why, again.version) == (1, "Ada", "suspect", 1)
    assert entry.images == {"i0": {"label": ("crab", "ray")}, "i1": {"split": ("train", "val"), "group": ("", "dive")}}
    assert again.info["counts"] == {"images": 8, "labelled": 7, "train": 3, "val": 3, "test": 2}


def test_correct__a_new_class_is_a_class(bay: Dataset):
    now = correct(bay, {"i7": {"label": "eel", "split": "test"}})
    assert now.classes == ("crab", "eel", "ray")
    assert now.labels[7] == 1
    assert now.rows("test").tolist() == [3, 6, 7]


def test_excluded__images_leave_and_come_back(bay: Dataset):
    left_out = correct(bay, {"i4": {"excluded": "yes"}})
    assert labels(left_out).keys() == labels(bay).keys() - {"i4"}
    assert left_out.places.tolist() == [0, 1, 2, 3, 5, 6, 7]
    assert left_out.image_path(4) == bay.image_path(5)
    assert correct(left_out, {"i4": {"excluded": ""}}).content_hash == bay.content_hash


def test_excluded__the_last_image_of_a_class_takes_the_class_along(bay: Dataset):
    assert correct(bay, {f"i{n}": {"excluded": "yes"} for n in (4, 5, 6)}).classes == ("crab",)


def test_undo__takes_back_one_correction_and_keeps_the_later_ones(bay: Dataset):
    one = correct(bay, {"i0": {"label": "ray"}, "i1": {"label": "ray"}})
    two = correct(one, {"i1": {"label": "eel"}})
    back = undo(two, 1, by="Bo")
    assert (labels(back)["i0"], labels(back)["i1"]) == ("crab", "eel")
    assert redo(back, 1).content_hash == two.content_hash
    assert undo(undo(back, 2), 1).content_hash == bay.content_hash
    assert open_dataset("bay").version == 6


def test_undo__leaves_an_image_in_the_split_that_came_with_its_later_label(bay: Dataset):
    first = correct(bay, {"i7": {"label": "eel", "split": "test"}})
    second = correct(first, {"i7": {"label": "ray", "split": "test"}}, by="Bo")
    assert said(second.entries[-1]) == "1 image relabelled: 'eel' → 'ray'."
    back = undo(second, 1)
    assert back.manifest[["label", "split"]].iloc[7].tolist() == ["ray", "test"]


def test_correct__a_label_given_back_for_training_does_not_bring_its_old_split_along(bay: Dataset):
    now = correct(correct(bay, {"i3": {"label": ""}}), {"i3": {"label": "ray", "split": "train"}})
    assert now.manifest["split"].iat[3] == "train"


def test_undo__refuses_what_is_undone_and_what_is_no_correction(bay: Dataset):
    now = undo(correct(bay, {"i0": {"label": "ray"}}), 1)
    for number, says in ((1, "undone already"), (2, "no correction 2"), (0, "no correction 0"), (9, "no correction 9")):
        with pytest.raises(DatasetError, match=says):
            undo(now, number)
    with pytest.raises(DatasetError, match="nothing to redo"):
        redo(redo(now, 1), 1)


def test_rename__takes_along_what_has_that_label_by_then(bay: Dataset):
    now = rename_class(correct(bay, {"i0": {"label": "ray"}}), "ray", "stingray")
    assert now.classes == ("crab", "stingray")
    assert labels(now)["i0"] == "stingray"
    undone = undo(now, 1)
    assert labels(undone)["i0"] == "crab"
    assert labels(undone)["i4"] == "stingray"


def test_rename__to_another_class_merges_them_and_the_undoing_parts_them_again(bay: Dataset):
    merged = rename_class(bay, "ray", "crab")
    assert merged.classes == ("crab",)
    assert undo(merged, 1).content_hash == bay.content_hash
    with pytest.raises(DatasetError, match=r"no class 'eel'\. It has: crab, ray"):
        rename_class(bay, "eel", "crab")


def test_class_numbers__stay_whatever_classes_come_go_and_change(bay: Dataset):
    assert bay.class_numbers == {"crab": 0, "ray": 1}
    now = correct(correct(bay, {"i7": {"label": "eel"}}), {"i0": {"label": "cod"}})
    assert [*now.class_numbers.items()] == [("cod", 3), ("crab", 0), ("eel", 2), ("ray", 1)]
    renamed = rename_class(now, "crab", "spider crab")
    assert renamed.class_numbers == {"cod": 3, "eel": 2, "ray": 1, "spider crab": 0}
    assert undo(renamed, renamed.version).class_numbers == now.class_numbers
    assert undo(now, 1).class_numbers == {"cod": 3, "crab": 0, "ray": 1}
    merged = rename_class(now, "crab", "ray")
    assert merged.class_numbers == {"cod": 3, "ray": 1}
    assert merged.at(2).class_numbers == now.class_numbers


def test_a_review__is_of_the_label_that_was_looked_at(bay: Dataset):
    now = correct(correct(bay, {"i0": {"review": "kept"}}), {"i0": {"label": "crab"}})
    assert now.reviews == {"i0": "kept"}
    now = correct(now, {"i0": {"label": "ray"}})
    assert now.reviews == {}
    assert undo(now, now.version).reviews == {"i0": "kept"}


def test_whole__has_what_is_left_out_as_it_was_corrected(bay: Dataset):
    now = correct(correct(bay, {"i4": {"label": "eel"}}), {"i4": {"excluded": "yes"}})
    assert (len(now), now.classes) == (7, ("crab", "ray"))
    assert labels(now.whole)["i4"] == "eel"
    assert (len(now.whole), now.whole.classes) == (8, ("crab", "eel", "ray"))


def test_excluded__the_last_image_stays(bay: Dataset):
    with pytest.raises(DatasetError, match="No image of 'bay' would be left"):
        correct(bay, {f"i{n}": {"excluded": "yes"} for n in range(8)})
    assert open_dataset("bay").version == 0


def test_an_entry__is_found_again_where_somebody_else_was_faster(bay: Dataset):
    def find(draft: Draft) -> None:
        if not draft.entries:
            correct(bay, {"i1": {"label": "eel"}}, by="Bo")
        draft.correct({"i0": {"label": "ray"}}, by="Ada", why="hand")

    now = add_entries(bay, find)
    assert [entry.by for entry in now.entries] == ["Bo", "Ada"]
    assert open_dataset("bay").content_hash == now.content_hash == now.entries[-1].content_hash


def test_many_entries__are_as_if_made_one_by_one(bay: Dataset):
    def find(draft: Draft) -> None:
        draft.correct({"i7": {"label": "eel", "split": "test"}, "i0": {"group": "dive"}}, by="Ada", why="hand")
        assert draft.values("i7")["split"] == "test"
        draft.rename("eel", "moray", by="Ada", why="hand")
        draft.correct({"i0": {"excluded": "yes"}, "i3": {"label": ""}}, by="Bo", why="hand")
        assert draft.values("i3")["split"] == "train", "nothing can be tested on it"
        draft.undo(2, by="Bo")
        assert draft.classes == ["crab", "eel", "ray"]
        draft.correct({"i7": {"review": "kept"}}, by="Bo", why="suspect")
        draft.redo(2, by="Bo")

    now = add_entries(bay, find)
    assert now.version == 6
    assert now.classes == ("crab", "moray", "ray")
    assert [entry.content_hash for entry in now.entries] == [now.at(n).content_hash for n in range(1, 7)]
    again = open_dataset("bay")
    assert again.manifest.equals(now.manifest)
    assert again.entries == now.entries


def test_an_image_without_a_label__is_never_tested_on(bay: Dataset):
    assert correct(bay, {"i3": {"label": ""}}).manifest["split"][3] == "train"
    both = correct(bay, {"i7": {"label": "eel"}})
    moved = correct(both, {"i7": {"split": "test"}})
    assert moved.manifest["split"][7] == "test"
    bare = undo(moved, both.version)
    assert bare.manifest["split"][7] == "train", "its label is gone again"
    with pytest.raises(DatasetError, match="has no label: it can only be in 'train'"):
        correct(bare, {"i7": {"split": "val"}})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "nothing to change"),
        ({"i0": {"split": "train"}}, "every image is already like that"),
        ({"i9": {"label": "ray"}}, "no image 'i9'"),
        ({"i0": {"colour": "red"}}, "nothing called 'colour'"),
        ({"i0": {"split": "holdout"}}, "no split 'holdout'; expected one of train, val, test"),
        ({"i0": {"excluded": "no"}}, "no exclusion 'no'"),
        ({"i0": {"label": " \u200b"}}, "class cannot be called .*: nothing of it is seen"),
        ({"i0": {"group": "\t"}}, "group cannot be called"),
        ({"i0": {"label": "e" * 256}}, "class 'e{40}…' has 256 characters; expected 255 at most"),
        ({"i0": {"group": "e" * 5000}}, "group 'e{40}…' has 5,000 characters"),
    ],
)
def test_correct__bad_input_is_one_sentence_and_nothing_is_written(bay: Dataset, changes: dict, says: str):
    with pytest.raises(DatasetError, match=says):
        correct(bay, changes)
    assert open_dataset("bay").version == 0


def test_correct__a_name_becomes_what_an_import_makes_of_it(bay: Dataset):
    typed = {"i0": {"label": " sea\u00a0star\n"}, "i1": {"label": "me\u0301duse"}, "i2": {"label": "sea star\u200b"}}
    now = correct(bay, typed | {"i3": {"label": "\u202eeel", "group": "dive\t3 "}})
    assert now.manifest["label"].tolist()[:4] == ["sea star", "m\u00e9duse", "sea star", "eel"]
    assert now.manifest["group"][3] == "dive 3"
    persian = "ستاره\u200cی دریایی"  # written with a joiner that has no width
    assert rename_class(now, "eel", f" {persian}").manifest["label"][3] == persian


def test_a_second_opinion__is_written_though_it_changes_nothing(bay: Dataset):
    now = correct(correct(bay, {"i0": {"label": "crab"}}, by="Ada"), {"i0": {"review": "kept"}})
    assert now.content_hash == bay.content_hash
    assert [said(entry) for entry in now.entries] == [
        "1 image confirmed as 'crab'.",
        "1 image looked at: the label is right.",
    ]
    assert now.reviews == {"i0": "kept"}


def test_said__names_what_all_images_share(bay: Dataset):
    now = correct(bay, {"i7": {"label": "eel", "split": "val"}})
    assert said(now.entries[-1]) == "1 image labelled 'eel' and moved: training → validation."
    now = correct(now, {"i0": {"label": "eel", "split": "val"}, "i4": {"label": "crab"}})
    assert said(now.entries[-1]) == "2 images relabelled and moved: training → validation."
    now = correct(now, {"i0": {"label": "ray"}, "i4": {"label": "ray"}})
    assert said(now.entries[-1]) == "2 images labelled 'ray'."
    assert said(correct(now, {"i0": {"label": ""}}).entries[-1]) == "1 image left unlabelled."
    bare_now = correct(bay, {"i2": {"label": ""}, "i4": {"label": ""}})
    assert said(bare_now.entries[-1]) == "2 images left unlabelled.", "of two classes too"
    bare = correct(now, {"i0": {"label": ""}, "i1": {"label": ""}})
    assert said(correct(bare, {"i0": {"label": "ray"}, "i1": {"label": "eel"}}).entries[-1]) == "2 images labelled."


def test_move__all_or_none_where_somebody_else_was_faster(bay: Dataset):
    move(bay, {0: "val"})
    with pytest.raises(DatasetError, match="Someone else has just changed 1 of these images of 'bay'"):
        move(bay, {0: "test", 1: "test"})
    assert open_dataset("bay").version == 1


def test_two_at_once__both_entries_are_kept_in_order(bay: Dataset):
    ready = threading.Barrier(6)

    def one(n: int) -> None:
        ready.wait(30)
        correct(bay, {f"i{n}": {"label": f"class {n}"}}, by=f"person {n}")

    threads = [threading.Thread(target=one, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    now = open_dataset("bay")
    assert [entry.number for entry in now.entries] == [1, 2, 3, 4, 5, 6]
    assert {labels(now)[f"i{n}"] for n in range(6)} == {f"class {n}" for n in range(6)}


def test_a_run_of_an_older_version__opens_what_it_saw(bay: Dataset):
    now = undo(correct(correct(bay, {"i0": {"label": "ray"}}), {"i1": {"label": "ray"}}), 2)
    for version in range(4):
        seen = now.at(version)
        assert open_dataset("bay", content_hash=seen.content_hash).content_hash == seen.content_hash
    assert [now.version_of(now.at(version).content_hash) for version in range(4)] == [0, 3, 2, 3]
    assert now.version_of("nothing") is None
    assert open_dataset("bay", content_hash="nothing").content_hash == now.content_hash
