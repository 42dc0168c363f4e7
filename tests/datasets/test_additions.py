"""Pictures that join a data set: whole or not at all, each once, and none that validation or test has."""

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sealife_core.datasets import additions
from sealife_core.datasets.additions import ByHand, add_pictures
from sealife_core.datasets.corrections.editing import correct, rename_class, said, undo
from sealife_core.datasets.corrections.entries import LOG, labels_by
from sealife_core.datasets.corrections.exchange import corrections_csv
from sealife_core.datasets.corrections.versions import seen
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.datasets.decoding import pixels
from sealife_core.datasets.decoding.pixels import open_pixels
from sealife_core.datasets.grouping.patterns import parse_pattern
from sealife_core.datasets.imports.finding import FoundFile
from sealife_core.datasets.imports.importing import import_images
from sealife_core.errors import DatasetError
from sealife_core.evaluation.curation.label_queue import LabelQueue
from sealife_core.evaluation.curation.queue_features import points_of
from tests.datasets.new_pictures import new_picture


@pytest.fixture
def files(tmp_path: Path) -> list[FoundFile]:
    """Three pictures that are in no data set."""
    names = ["dive/a.png", "dive/b.png", "=c.png"]
    return [FoundFile(name, new_picture(tmp_path, seed)) for seed, name in enumerate(names)]


ADA, NOBODY = ByHand("crab", "Ada", "2026-11-29T14:05:00+00:00"), ByHand("sea hare")


def test_add__they_train_beside_the_old_ones_and_the_log_has_who_said_what(tiny_reef: Dataset, files: list[FoundFile]):
    found = add_pictures(tiny_reef, files, [ADA, NOBODY, None], by="Bo", why="prediction")
    now = open_dataset("reef")
    assert (now.content_hash, now.version) == (found.dataset.content_hash, 3)
    assert now.file_names[-3:] == ["dive/a.png", "dive/b.png", "=c.png"]
    assert now.manifest["label"].tolist()[-3:] == ["crab", "sea hare", ""]
    assert now.rows("train").tolist() == [*tiny_reef.rows("train"), 64, 65, 66]
    assert now.test_hash == tiny_reef.test_hash, "runs before and after are compared"
    assert [now.image_path(row).is_file() for row in (64, 65, 66)] == [True] * 3
    told = [(said(entry), entry.by, entry.why, entry.at[:16], bool(entry.applied)) for entry in now.entries]
    assert told[0][:3] == ("3 images added.", "Bo", "prediction")
    assert told[2] == ("1 image labelled 'crab'.", "Ada", "prediction", "2026-11-29T14:05", True)
    assert told[1][:3] == ("1 image labelled 'sea hare'.", "Bo", "prediction")
    assert found.said == "3 pictures added to 'reef', 2 labels given by hand."
    assert seen(now, tiny_reef.content_hash).since == "3 corrections since: 3 pictures added."
    assert "dive/a.png" in corrections_csv(now)


def test_add__the_version_before_and_undone_is_as_it_was(tiny_reef: Dataset, files: list[FoundFile]):
    now = add_pictures(tiny_reef, files, [ADA, None, None]).dataset
    assert open_dataset("reef", content_hash=tiny_reef.content_hash).file_names == tiny_reef.file_names
    assert now.version_of(tiny_reef.content_hash) == 0
    back = undo(undo(now, 2), 1)
    assert back.content_hash == tiny_reef.content_hash
    again = add_pictures(back, files, [None, ADA, None])
    assert (again.added, again.labelled, len(again.dataset)) == (3, 1, 67)
    assert [entry.added for entry in again.dataset.entries[4:]] == [{}, {}], "their files are there already"


def test_add__twice_is_once_and_a_class_given_since_comes_after(tiny_reef: Dataset, files: list[FoundFile]):
    first = add_pictures(tiny_reef, [*files, files[0]], [None, None, None, ADA])
    assert (first.added, first.labelled, first.known) == (3, 1, ["dive/a.png"])
    second = add_pictures(tiny_reef, files, [NOBODY, NOBODY, None])
    assert (second.added, second.labelled, len(second.known)) == (0, 1, 3)
    assert second.dataset.manifest["label"].tolist()[-3:] == ["crab", "sea hare", ""]
    third = add_pictures(tiny_reef, files, [NOBODY, NOBODY, None])
    assert (third.dataset.version, third.opinions) == (second.dataset.version, 0)


def test_add__a_class_for_a_labelled_picture_is_a_second_opinion_once(tiny_reef: Dataset):
    train, test = (int(tiny_reef.rows(split)[0]) for split in ("train", "test"))
    own = [FoundFile(f"{row}.png", tiny_reef.image_path(row)) for row in (train, test)]
    found = add_pictures(tiny_reef, own, [ByHand("sea hare", "Ada"), ByHand("eel", "Ada", ADA.at)])
    assert (found.added, found.labelled, found.opinions) == (0, 0, 2)
    now = found.dataset
    assert now.content_hash == tiny_reef.content_hash
    ids = now.manifest["id"].tolist()
    assert labels_by(now.entries, "opinion") == {"Ada": {ids[train]: "sea hare", ids[test]: "eel"}}
    changed = correct(now, {ids[test]: {"opinion": "ray"}}, by="Ada")
    again = add_pictures(changed, own, [ByHand("sea hare", "Ada"), ByHand("eel", "Ada", ADA.at)])
    assert again.dataset.version == changed.version, "an older word does not replace a newer one"
    assert add_pictures(changed, own, [ByHand("whale"), None]).opinions == 0, "nobody knows whose it is"
    nameless = [ByHand("whale", at="2026-11-29T15:00:00+00:00"), None]
    assert add_pictures(changed, own, nameless, by="Bo").opinions == 1
    assert add_pictures(changed, own, nameless, by="Cy").opinions == 0, "it was Bo's"


def test_add__a_copy_of_a_test_picture_is_left_out_and_told(tiny_reef: Dataset, files: list[FoundFile], tmp_path: Path):
    test, val = (tiny_reef.image_path(int(tiny_reef.rows(split)[0])) for split in ("test", "val"))
    Image.open(val).convert("RGB").resize((64, 64)).save(tmp_path / "larger.jpg", quality=95)
    copies = [FoundFile("copy.jpg", test), FoundFile("larger.jpg", tmp_path / "larger.jpg")]
    found = add_pictures(tiny_reef, [*copies, files[0]], [ADA, ADA, ADA])
    assert (found.added, found.labelled, found.held_out) == (1, 1, ["copy.jpg", "larger.jpg"])
    assert "2 left out, the same as validation or test pictures or" in found.said


def test_add__what_is_of_one_group_with_a_test_picture_is_left_out(home: Path, tmp_path: Path):
    names = [f"{label}/{film}_{frame}.png" for label in ("crab", "ray") for film in "abcd" for frame in range(2)]
    own = [FoundFile(n, new_picture(tmp_path, seed), label=n.split("/")[0]) for seed, n in enumerate(names)]
    films = import_images(tmp_path, "films", files=own, group_by=parse_pattern("stem")).dataset
    split_of = dict(zip(films.manifest["group"], films.manifest["split"], strict=True))
    frames = [FoundFile(f"{film}_9.png", new_picture(tmp_path, 50 + at)) for at, film in enumerate("abcde")]
    found = add_pictures(films, frames, [None] * 5)
    assert found.held_out == [f"{film}_9.png" for film in "abcd" if split_of[film] != "train"] != []
    assert found.dataset.manifest["group"].tolist()[len(films) :] == [f for f in "abcd" if split_of[f] == "train"] + [
        "e"
    ]
    assert said(found.dataset.entries[-1]) == f"{found.added} images added."


def test_add__what_cannot_be_read_is_told(tiny_reef: Dataset, files: list[FoundFile], tmp_path: Path):
    (tmp_path / "no.png").write_text("no picture")
    found = add_pictures(tiny_reef, [FoundFile("no.png", tmp_path / "no.png"), files[0]], [ADA, None])
    assert (found.added, found.labelled, [name for name, _ in found.skipped]) == (1, 0, ["no.png"])


def test_add__a_class_renamed_since_keeps_its_new_name(tiny_reef: Dataset, files: list[FoundFile]):
    now = rename_class(tiny_reef, "crab", "shore crab")
    found = add_pictures(now, files[:1], [ADA], version=0)
    assert found.dataset.manifest["label"].tolist()[-1] == "shore crab"
    gone = rename_class(found.dataset, "ray", "")
    with pytest.raises(DatasetError, match="removed meanwhile"):
        add_pictures(gone, files[1:2], [ByHand("ray")], version=0)
    assert open_dataset("reef").version == gone.version


def test_add__a_crash_before_the_entry_leaves_the_data_set_as_it_was(
    tiny_reef: Dataset, files: list[FoundFile], monkeypatch: pytest.MonkeyPatch
):
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(additions, "flush_folder", crash)  # the files are in their place by then
        with pytest.raises(KeyboardInterrupt):
            add_pictures(tiny_reef, files, [None] * 3)
    assert open_dataset("reef").content_hash == tiny_reef.content_hash
    assert not (tiny_reef.folder / LOG).exists()
    assert not list(tiny_reef.folder.glob(".adding-*"))
    assert add_pictures(tiny_reef, files, [None] * 3).added == 3


def test_add__by_two_people_at_once_adds_each_picture_once(tiny_reef: Dataset, files: list[FoundFile], tmp_path: Path):
    others = [FoundFile(f"other {seed}.png", new_picture(tmp_path, seed)) for seed in (7, 8)]
    shutil.copy(files[0].path, tmp_path / "again.png")
    both = [files, [*others, FoundFile("again.png", tmp_path / "again.png")]]
    people = [threading.Thread(target=add_pictures, args=(tiny_reef, some, [None] * 3)) for some in both]
    for person in people:
        person.start()
    for person in people:
        person.join()
    now = open_dataset("reef")
    assert len(now) == 69
    assert len(set(now.manifest["sha256"])) == 69
    assert all(now.image_path(row).is_file() for row in range(64, 69))


def test_add__only_new_pictures_are_decoded_and_an_older_version_keeps_its_rows(
    tiny_reef: Dataset, files: list[FoundFile], monkeypatch: pytest.MonkeyPatch
):
    before, _ = open_pixels(tiny_reef, 32).gather(range(64))
    now = add_pictures(tiny_reef, files, [None] * 3).dataset
    decoded: list[str] = []
    read = pixels.read_rgb
    monkeypatch.setattr(pixels, "read_rgb", lambda path, **more: decoded.append(path.name) or read(path, **more))
    images, aspects = open_pixels(now, 32).gather(range(67))
    assert sorted(decoded) == sorted(now.image_path(row).name for row in (64, 65, 66))
    assert (images[:64] == before).all()
    assert aspects[-1] == pytest.approx(40 / 32)
    assert images[-1].float().std() > 10, "not a black one"
    older, _ = open_pixels(now.at(0), 32).gather(range(64))
    assert (older == before).all()


def test_add__without_a_label_they_are_asked_next(tiny_reef: Dataset, files: list[FoundFile]):
    now = add_pictures(tiny_reef, files, [ADA, None, None]).dataset
    features = np.random.default_rng(0).normal(size=(67, 8))
    picks = LabelQueue(now, points_of(now.manifest["id"].tolist(), features)).picks()
    assert {pick.row for pick in picks} == {65, 66}
