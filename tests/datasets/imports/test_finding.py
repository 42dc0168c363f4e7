from pathlib import Path, PurePosixPath

import pytest

from sealife_core.datasets.imports.finding import (
    ClassFolder,
    arrange,
    clean_label,
    find_in_folder,
    notes_on_classes,
    reason_to_skip,
)


def arranged(
    *places: str, class_folder: ClassFolder = "first"
) -> tuple[dict[str, tuple[str, str]], list[str], list[str]]:
    """Source → (label, split); sources left out; notes."""
    found, skipped, notes = arrange([(PurePosixPath(place), Path(place)) for place in places], class_folder)
    return {f.source: (f.label, f.split) for f in found}, [source for source, _ in skipped], notes


def test_arrange__first_folder_is_the_class_however_deep():
    found, _, _ = arranged("crab/1.jpg", "crab/reef/deep/2.jpg", "ray/3.jpg", "4.jpg")
    assert {source: label for source, (label, _) in found.items()} == {
        "crab/1.jpg": "crab", "crab/reef/deep/2.jpg": "crab", "ray/3.jpg": "ray", "4.jpg": "",
    }  # fmt: skip


def test_arrange__last_folder_is_the_class_where_that_is_asked_for():
    places = "Bay/crab/1.jpg", "Bay/eel/2.jpg", "Cape/crab/3.jpg", "Cape/eel/4.jpg"
    found, _, notes = arranged(*places, class_folder="last")
    assert ([label for label, _ in found.values()], notes) == (["crab", "eel", "crab", "eel"], [])
    split = [f"{split}/{place}" for split in ("train", "test") for place in places]
    assert set(arranged(*split, class_folder="last")[0].values()) == {
        ("crab", "train"), ("eel", "train"), ("crab", "test"), ("eel", "test"),
    }  # fmt: skip
    one_site, _, notes = arranged("Bay/crab/1.jpg", "Bay/eel/2.jpg", class_folder="last")
    assert ([label for label, _ in one_site.values()], notes) == (["crab", "eel"], [])


def test_arrange__notes_that_folders_of_the_same_names_may_be_the_classes():
    (note,) = arranged("Bay/crab/1.jpg", "Bay/eel/2.jpg", "Cape/crab/3.jpg", "Cape/eel/4.jpg", "Cape/ray/5.jpg")[2]
    assert note == (
        "Most folders inside 'Bay' and 'Cape' have the same names: 'crab' and 'eel'. If those are the classes, import"
        " again with the innermost folders as the classes."
    )
    assert arranged("crab/dive 1/1.jpg", "crab/dive 2/2.jpg", "eel/dive 2/3.jpg", "eel/dive 3/4.jpg")[2] == []


@pytest.mark.parametrize(
    ("train", "val", "test"),
    [("train", "val", "test"), ("Training", "validation", "TEST"), ("train", "valid", "testing")],
)
def test_arrange__ready_made_splits_are_kept(train: str, val: str, test: str):
    found, skipped, _ = arranged(
        f"{train}/crab/1.jpg", f"{train}/ray/2.jpg", f"{val}/crab/x/3.jpg", f"{test}/ray/4.jpg"
    )
    assert list(found.values()) == [("crab", "train"), ("ray", "train"), ("crab", "val"), ("ray", "test")]
    assert skipped == []


def test_arrange__a_class_called_test_is_a_class():
    found, _, _ = arranged("test/1.jpg", "crab/2.jpg")
    assert list(found.values()) == [("test", ""), ("crab", "")]


def test_arrange__beside_ready_made_splits_only_loose_images_are_taken():
    found, skipped, _ = arranged(
        "train/crab/1.jpg",
        "test/crab/2.jpg",
        "extra/crab/3.jpg",
        "4.jpg",
        "train/5.jpg",
        "test/6.jpg",
        "unlabelled/7.jpg",
    )
    assert found == {
        "train/crab/1.jpg": ("crab", "train"), "test/crab/2.jpg": ("crab", "test"), "4.jpg": ("", ""),
        "train/5.jpg": ("", ""), "unlabelled/7.jpg": ("", ""),
    }  # fmt: skip
    assert skipped == ["extra/crab/3.jpg", "test/6.jpg"]


def test_arrange__single_folders_around_everything_are_looked_through():
    found, _, notes = arranged("data/sea/train/crab/1.jpg", "data/sea/test/crab/2.jpg")
    assert list(found.values()) == [("crab", "train"), ("crab", "test")]
    assert "'data/sea'" in notes[0]
    assert list(arranged("train/crab/1.jpg", "train/ray/2.jpg")[0].values()) == [("crab", ""), ("ray", "")]
    assert list(arranged("crab/1.jpg", "crab/2.jpg")[0].values()) == [("crab", ""), ("crab", "")]


def test_arrange__unlabelled_folder_has_no_label():
    assert arranged("Unlabeled/1.jpg", "crab/2.jpg")[0]["Unlabeled/1.jpg"] == ("", "")


def test_arrange__nothing_is_nothing():
    assert arranged() == ({}, [], [])


def test_clean_label__one_class_however_its_accents_are_stored():
    assert clean_label("cafe\u0301 ") == clean_label("caf\u00e9")
    assert clean_label("a\nb\tc\0") == "a b c"
    assert clean_label("  ") == ""
    assert clean_label("\ufeff sea\u00a0\u3000star\u200b\u202e") == "sea  star"
    assert clean_label("e\u200b\u0301") == "é", "composed once what is between is gone"
    assert clean_label("👩\u200d🔬") == "👩\u200d🔬"


def test_arrange__a_class_with_a_name_that_is_too_long_is_left_out_and_told():
    found, skipped, _ = arranged(f"{'c' * 256}/1.jpg", f"{'r' * 255}/2.jpg", "eel/3.jpg")
    assert {label for label, _ in found.values()} == {"r" * 255, "eel"}
    assert skipped == [f"{'c' * 256}/1.jpg"]


def test_reason_to_skip__by_name():
    assert reason_to_skip(PurePosixPath("crab/A.JPEG")) is None
    assert "Hidden" in (reason_to_skip(PurePosixPath("crab/.a.jpg")) or "")
    assert "Hidden" in (reason_to_skip(PurePosixPath("__MACOSX/a.jpg")) or "")
    assert "Not a picture by its name" in (reason_to_skip(PurePosixPath("a.heic")) or "")


def test_find_in_folder__hidden_folders_are_named_once(tmp_path: Path):
    for place in (".git/1.jpg", ".git/2.jpg", "crab/3.jpg", "crab/note.txt"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).touch()
    files, skipped = find_in_folder(tmp_path)
    assert [str(place) for place, _ in files] == ["crab/3.jpg"]
    assert [source for source, _ in skipped] == [".git/", "crab/note.txt"]


def test_arrange__a_folder_unlabelled_anywhere_has_no_label():
    found, skipped, _ = arranged(
        "train/crab/1.jpg", "train/unlabeled/2.jpg", "test/crab/3.jpg", "test/Unlabelled/4.jpg"
    )
    assert found == {
        "train/crab/1.jpg": ("crab", "train"), "train/unlabeled/2.jpg": ("", ""), "test/crab/3.jpg": ("crab", "test"),
    }  # fmt: skip
    assert skipped == ["test/Unlabelled/4.jpg"]
    found, _, _ = arranged("crab/1.jpg", "crab/unlabelled/2.jpg", "ray/3.jpg")
    assert found["crab/unlabelled/2.jpg"] == ("", "")
    found, _, _ = arranged("unlabelled/a/1.jpg", "unlabelled/b/2.jpg")
    assert set(found.values()) == {("", "")}


def test_arrange__classes_beside_splits_are_said():
    _, skipped, notes = arranged("train/crab/1.jpg", "test/crab/2.jpg", "ray/3.jpg", "eel/4.jpg")
    assert skipped == ["eel/4.jpg", "ray/3.jpg"] or skipped == ["ray/3.jpg", "eel/4.jpg"]
    assert "'test' and 'train' were read as splits" in notes[0]
    assert "'eel' and 'ray'" in notes[0]
    _, _, notes = arranged("test/1.jpg", "crab/2.jpg")
    assert "'test' was read as a class" in notes[0]
    assert arranged("train/crab/1.jpg", "test/crab/2.jpg")[2] == arranged("crab/1.jpg", "ray/2.jpg")[2] == []


def test_notes_on_classes__name_those_that_look_alike():
    for other in ("crab\u200b", "Crab", "crab\u00a0", "c\u00adrab", "crab\ufe0f", "ｃrab"):
        (note,) = notes_on_classes(["crab", other, "ray", ""])
        assert f"'crab' and {other!r}" in note or f"{other!r} and 'crab'" in note
    assert notes_on_classes(["crab", "ray", "crabs", "résumé", "resume", ""]) == []
