"""Pictures that join a data set: whole or not at all, each once, and none that validation or test has."""

import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sealife_core.datasets import additions
from sealife_core.datasets.additions import add_from, add_pictures
from sealife_core.datasets.corrections.editing import correct, move, redo, rename_class, said, undo
from sealife_core.datasets.corrections.entries import LOG, labels_by
from sealife_core.datasets.corrections.exchange import apply_csv, corrections_csv
from sealife_core.datasets.corrections.versions import seen
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.datasets.decoding import pixels
from sealife_core.datasets.decoding.pixels import open_pixels
from sealife_core.datasets.given_classes import ByHand
from sealife_core.datasets.grouping.patterns import parse_pattern
from sealife_core.datasets.grouping.regrouping import plan_regrouping, regroup
from sealife_core.datasets.holding_out import GROUP, hold_out, places_of, plan_holding_out
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
    assert found.said == "3 pictures added to 'reef', 2 labels given."
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


def test_add__a_copy_of_what_somebody_holds_out_meanwhile_is_left_out(tiny_reef: Dataset, tmp_path: Path):
    row = int(tiny_reef.rows("train", labelled_only=True)[0])
    Image.open(tiny_reef.image_path(row)).convert("RGB").resize((64, 64)).save(tmp_path / "larger.jpg", quality=95)

    def meanwhile(stage: str, *_: int) -> None:
        if stage == "Saving" and open_dataset("reef").version == 0:
            move(tiny_reef, {row: "test"})

    copy = FoundFile("larger.jpg", tmp_path / "larger.jpg")
    assert add_pictures(tiny_reef, [copy], [None], progress=meanwhile).held_out == ["larger.jpg"]
    assert add_pictures(move(open_dataset("reef"), {row: "train"}), [copy], [None]).added == 1


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


@pytest.fixture
def films(home: Path, tmp_path: Path) -> Dataset:
    """Two classes, each in the films a to d of two frames; imported without groups."""
    names = [f"{label}/{film}_{frame}.png" for label in ("crab", "ray") for film in "abcd" for frame in range(2)]
    own = [FoundFile(n, new_picture(tmp_path, seed), label=n.split("/")[0]) for seed, n in enumerate(names)]
    return import_images(tmp_path, "films", files=own).dataset


def test_add__the_pattern_of_a_later_grouping_groups_them_until_it_is_undone(films: Dataset, tmp_path: Path):
    grouped = regroup(films, plan_regrouping(films, parse_pattern("stem")))
    tested = set(grouped.manifest["group"][grouped.manifest["split"] != "train"])
    frames = [FoundFile(f"{film}_9.png", new_picture(tmp_path, 50 + at)) for at, film in enumerate("abcde")]
    found = add_pictures(grouped, frames, [None] * 5)
    assert found.held_out == [f"{film}_9.png" for film in sorted(tested)] != []
    assert found.dataset.manifest["group"].tolist()[len(films) :] == sorted(set("abcde") - tested)
    back = undo(undo(found.dataset, 2), 1)
    again = add_pictures(back, [FoundFile("f_9.png", new_picture(tmp_path, 60))], [None])
    assert again.dataset.manifest["group"].iat[-1] == ""


def test_add__the_pattern_goes_with_the_corrections_to_a_fresh_import(films: Dataset, tmp_path: Path):
    grouped = regroup(films, plan_regrouping(films, parse_pattern("stem")))
    (tmp_path / "corrections.csv").write_text(corrections_csv(grouped))
    own = [FoundFile(n, films.image_path(row), label=n.split("/")[0]) for row, n in enumerate(films.file_names)]
    fresh = apply_csv(import_images(tmp_path, "fresh", files=own).dataset, tmp_path / "corrections.csv").dataset
    found = add_pictures(fresh, [FoundFile("e_9.png", new_picture(tmp_path, 60))], [None])
    assert found.dataset.manifest["group"].iat[-1] == "e"


def test_add__what_is_of_a_place_held_out_by_a_pattern_is_left_out(films: Dataset, tmp_path: Path):
    places = places_of(films, "stem")
    held = hold_out(films, plan_holding_out(films, ["b"], places), places_by="stem")
    frames = [FoundFile(f"{film}_9.png", new_picture(tmp_path, 50 + at)) for at, film in enumerate("abe")]
    found = add_pictures(held, frames, [None] * 3)
    assert found.held_out == ["b_9.png"]
    assert "1 left out" in found.said


def test_add__again_after_an_undo_keeps_off_what_is_held_out_by_then(films: Dataset, tmp_path: Path):
    frames = [FoundFile(f"{film}_9.png", new_picture(tmp_path, 50 + at)) for at, film in enumerate("ab")]
    back = undo(add_pictures(films, frames, [None] * 2).dataset, 1)
    held = hold_out(back, plan_holding_out(back, ["b"], places_of(back, "stem")), places_by="stem")
    others = [FoundFile(f"other {at}.png", frame.path) for at, frame in enumerate(frames)]
    found = add_pictures(held, others, [None] * 2)
    assert (found.added, found.held_out) == (1, ["other 1.png"]), "its place is that of its first name"


@pytest.mark.parametrize("by", [GROUP, "stem"])
def test_redo__takes_nothing_in_that_is_of_a_place_held_out_by_then(films: Dataset, tmp_path: Path, by: str):
    grouped = regroup(films, plan_regrouping(films, parse_pattern("stem")))
    grouped = move(grouped, {row: "train" for row in range(len(films)) if grouped.manifest["split"][row] != "train"})
    added = add_pictures(grouped, [FoundFile("b_9.png", new_picture(tmp_path, 50))], [None]).dataset
    image = str(added.manifest["id"].iat[-1])
    plan = plan_holding_out(grouped, ["b"], places_of(grouped, by))
    held = hold_out(undo(added, 3), plan, places_by=by)
    if by == GROUP:  # its group came with it: nothing tells it as long as it is undone
        with pytest.raises(DatasetError, match="With correction 3 redone, 1 image"):
            redo(held, 3)
    else:
        labelled = correct(redo(held, 3), {image: {"label": "crab"}})
        assert labelled.manifest["split"][labelled.row_of(image)] == "test"


def test_redo__of_a_place_held_out_is_refused_where_pictures_were_added_meanwhile(films: Dataset, tmp_path: Path):
    held = hold_out(films, plan_holding_out(films, ["b"], places_of(films, "stem")), places_by="stem")
    frames = [FoundFile(f"{film}_9.png", new_picture(tmp_path, 50 + at)) for at, film in enumerate("ab")]
    kept_off = add_pictures(held, frames, [None] * 2).dataset
    back = undo(redo(undo(kept_off, 1), 1), 1)  # what came while it was held out is of another place
    add_pictures(back, frames[1:], [None])
    with pytest.raises(DatasetError, match="With correction 1 redone, 1 image that may be of a place held out"):
        redo(back, 1)


def test_add__to_a_set_that_was_grouped_by_a_column_of_its_table(home: Path, tmp_path: Path, files: list[FoundFile]):
    own = [
        FoundFile(f"{n}.png", new_picture(tmp_path, 20 + n), ("crab", "ray")[n % 2], columns={"dive": f"dive {n % 4}"})
        for n in range(8)
    ]
    dives = import_images(tmp_path, "dives", files=own, group_by=parse_pattern("column:dive")).dataset
    found = add_pictures(dives, files[:1], [None])
    assert (found.added, found.dataset.manifest["group"].iat[-1]) == (1, "")


def test_add__brings_back_files_that_were_lost_or_damaged(tiny_reef: Dataset, files: list[FoundFile], tmp_path: Path):
    now = add_pictures(tiny_reef, files, [None] * 3).dataset
    now = correct(now, {str(now.manifest["id"][1]): {"excluded": "yes"}}).whole
    wanted = sorted({int(tiny_reef.rows("test")[0]), int(tiny_reef.rows("train")[-1]), 1, 64})
    contents = {row: now.image_path(row).read_bytes() for row in wanted}
    own = []
    for row, content in contents.items():
        (tmp_path / f"copy {row}.png").write_bytes(content)
        own.append(FoundFile(f"other name {row}.png", tmp_path / f"copy {row}.png"))
        now.image_path(row).unlink()
    now.image_path(64).write_bytes(contents[64][:-9] + b"\0" * 9)
    found = add_pictures(now, own, [None] * len(own))
    assert {row: now.image_path(row).read_bytes() for row in wanted} == contents
    assert (found.added, found.restored, found.dataset.version) == (0, len(own), now.version)
    assert f" {len(own)} lost files are back." in found.said
    again = add_pictures(now, own, [None] * len(own))
    assert (again.restored, "back" in again.said) == (0, False)


def test_add__a_group_is_one_however_its_accents_are_stored(films: Dataset, tmp_path: Path):
    ids = films.manifest["id"].iloc[films.rows("test").tolist()]
    named = correct(films, {str(image): {"group": "cafe\u0301"} for image in ids})
    new = [FoundFile(f"{at}.png", new_picture(tmp_path, 50 + at), group=g) for at, g in enumerate(("caf\u00e9", "b"))]
    assert add_pictures(named, new, [None] * 2).held_out == ["0.png"]


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


def write(folder: Path, pictures: dict[str, int]) -> Path:
    """New pictures: their names below ``folder``, and the seed of each."""
    for name, seed in pictures.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        new_picture(folder, seed).replace(folder / name)
    return folder


def test_add_from__a_folder_brings_its_classes_and_again_only_what_is_new(tiny_reef: Dataset, tmp_path: Path):
    now = rename_class(tiny_reef, "crab", "shore crab")
    folder = write(tmp_path / "june", {"Ray/1.png": 0, "crab/2.png": 1, "sea hare/3.png": 2, "4.png": 3})
    shutil.copy(tiny_reef.image_path(int(tiny_reef.rows("test")[0])), folder / "sea hare" / "tested.png")
    (folder / "crab" / "no.png").write_text("no picture")
    found = add_from(now, folder, by="Bo")
    assert (found.added, found.labelled, found.held_out) == (4, 3, ["sea hare/tested.png"])
    assert [name for name, _ in found.skipped] == ["crab/no.png"]
    labels = dict(zip(found.dataset.file_names, found.dataset.manifest["label"], strict=True))
    assert [labels[name] for name in ("Ray/1.png", "crab/2.png", "sea hare/3.png", "4.png")] == [
        "ray", "shore crab", "sea hare", "",
    ]  # fmt: skip
    assert found.dataset.test_hash == now.test_hash
    assert {(entry.by, entry.why) for entry in found.dataset.entries[1:]} == {("Bo", "file")}
    image = str(found.dataset.manifest["id"].iat[-1])
    relabelled = correct(found.dataset, {image: {"label": "eel"}}, by="Ada")
    write(folder, {"Ray/5.png": 40})
    again = add_from(relabelled, folder, by="Bo")
    assert (again.added, again.labelled, again.opinions, len(again.known)) == (1, 1, 0, 4)
    assert again.dataset.manifest["label"][again.dataset.row_of(image)] == "eel", "what a person said since stays"


def test_add_from__the_folder_of_the_import_is_there_already(films: Dataset, tmp_path: Path):
    folder = tmp_path / "again"
    for row, name in enumerate(films.file_names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(films.image_path(row), folder / name)
    found = add_from(films, folder)
    assert (found.added, len(found.known), found.held_out) == (0, len(films), []), "validation and test pictures too"
    assert found.dataset.version == films.version


def test_add_from__a_table_brings_groups_and_columns_and_keeps_off_a_place_held_out(home: Path, tmp_path: Path):
    own = [
        FoundFile(
            f"{n}.png", new_picture(tmp_path, 20 + n), ("crab", "ray")[n % 2], columns={"dive": f"dive {n // 2 % 4}"}
        )
        for n in range(16)
    ]
    dives = import_images(tmp_path, "dives", files=own).dataset
    by = "column:dive"
    held = hold_out(dives, plan_holding_out(dives, ["dive 3"], places_of(dives, by)), places_by=by)
    write(tmp_path / "july", {"a.png": 40, "b.png": 41, "c.png": 42})
    table = tmp_path / "july" / "july.csv"
    table.write_text("file,label,split,group,dive,diver\na.png,eel,test,film 1,dive 3,Ada\n"
                     "b.png,eel,test,film 1,dive 4,Ada\nc.png,,,,dive 1,\n")  # fmt: skip
    found = add_from(held, table, by="Bo")
    assert (found.added, found.held_out) == (2, ["a.png"])
    assert found.said.endswith("All are for training, whatever their folder or table says.")
    now = open_dataset("dives")
    assert now.manifest[["label", "split", "group"]].to_numpy().tolist()[-2:] == [
        ["eel", "train", "film 1"], ["", "train", ""],
    ]  # fmt: skip
    assert (now.table_columns["dive"][-2:], now.table_columns["diver"][-2:]) == (["dive 4", "dive 1"], ["Ada", ""])
    assert places_of(now, by)[-2:] == ["dive 4", "dive 1"]
    assert [json.loads(line)["format"] for line in (now.folder / LOG).read_text().splitlines()] == [1, 4, 1]
    assert now.at(1).table_columns["dive"] == dives.table_columns["dive"]
    assert undo(now, 2).content_hash != now.content_hash


def test_add_from__a_zip_and_what_holds_no_picture(tiny_reef: Dataset, tmp_path: Path):
    folder = write(tmp_path / "sea", {"crab/1.png": 0, "ray/2.png": 1})
    zipped = Path(shutil.make_archive(str(tmp_path / "sea"), "zip", folder))
    found = add_from(tiny_reef, zipped)
    assert (found.added, found.labelled) == (2, 2)
    (tmp_path / "empty").mkdir()
    for source, says in ((tmp_path / "empty", "holds no picture"), (tmp_path / "none", "There is nothing at")):
        with pytest.raises(DatasetError, match=says):
            add_from(tiny_reef, source)
    assert not list(tiny_reef.folder.glob(".adding-*"))
    assert open_dataset("reef").version == found.dataset.version
