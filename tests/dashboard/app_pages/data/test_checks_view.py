"""Checks: duplicates, leaks and groups across splits are shown, mended and undone."""

from dashboard import background
from dashboard.app_pages.data.checks_view import groups_by_kind
from dashboard.data.pictures import class_of
from dashboard.words import plain
from sealife_core.datasets.checks import check
from sealife_core.datasets.corrections.editing import correct, move
from sealife_core.datasets.dataset import open_dataset
from sealife_core.datasets.grouping.patterns import Pattern
from sealife_core.datasets.grouping.regrouping import plan_regrouping, regroup
from tests.dashboard.app_pages.data.opened import button, imported, open_data, text


def test_checks__show_duplicates_and_mend_a_leak(photographs, monkeypatch):
    monkeypatch.setattr(background, "QUICK_S", 60)  # however busy the machine is
    dataset = imported(photographs, "two")
    group = next(group for group in check(dataset).exact if group.labels_differ)
    dataset = move(dataset, {group.rows[0]: "train", group.rows[1]: "test"})
    assert groups_by_kind(check(dataset))["leaks"]
    app = open_data(dataset="two", look="Checks")
    button(app, "Put every group into one split").click().run()
    assert not app.exception
    assert "Images that move" in text(app)
    assert open_dataset("two").content_hash == dataset.content_hash, "nothing moves before it was shown"
    button(app, "Move them").click().run()
    assert not app.exception
    assert "Put 3 groups of **two** into one split each" in text(app)
    assert groups_by_kind(check(open_dataset("two")))["leaks"] == []
    button(app, "Undo").click().run()
    assert "undone" in text(app)
    assert open_dataset("two").content_hash == dataset.content_hash


def test_checks__name_lost_files_until_they_are_back(photographs, monkeypatch):
    monkeypatch.setattr(background, "QUICK_S", 60)
    dataset = imported(photographs, "two")
    lost = dataset.image_path(3)
    content = lost.read_bytes()
    lost.unlink()
    said = plain(f"1 image file is missing: {dataset.file_names[3]!r}. Add these pictures again.")
    assert said in text(open_data(dataset="two", look="Checks"))
    lost.write_bytes(content)
    app = open_data(dataset="two", look="Checks")
    assert not app.exception
    assert "image file is missing" not in text(app)


def test_checks__two_labels_are_resolved_by_choosing_and_copies_then_by_keeping_one(photographs, monkeypatch):
    monkeypatch.setattr(background, "QUICK_S", 60)  # however busy the machine is
    dataset = imported(photographs, "shots")
    group = next(group for group in check(dataset).exact if group.labels_differ)
    app = open_data(dataset="shots", look="Checks", duplicates="labels")
    assert not any(one.label == "Keep one" for one in app.button), "a label would be chosen unasked"
    chosen = class_of(dataset, group.rows[0])
    button(app, f"All are {chosen}").click().run()
    assert not app.exception
    now = open_dataset("shots")
    assert {class_of(now, row) for row in group.rows} == {chosen}
    assert not any(group.labels_differ for group in check(now).exact)
    app = open_data(dataset="shots", look="Checks", duplicates="exact")
    button(app, "Keep one").click().run()
    assert len(open_dataset("shots")) < len(dataset)


def test_checks__keep_the_copy_that_has_a_label(photographs, monkeypatch):
    monkeypatch.setattr(background, "QUICK_S", 60)  # however busy the machine is
    dataset = imported(photographs, "shots")
    group = next(group for group in check(dataset).exact if group.labels_differ)
    ids = dataset.manifest["id"].tolist()
    others = {ids[row]: {"excluded": "yes"} for one in check(dataset).exact if one != group for row in one.rows[1:]}
    *unlabelled, labelled = [ids[row] for row in group.rows]
    dataset = correct(dataset, others | {image: {"label": ""} for image in unlabelled})
    button(open_data(dataset="shots", look="Checks", duplicates="exact"), "Keep one").click().run()
    assert set(dataset.manifest["id"]) - set(open_dataset("shots").manifest["id"]) == set(unlabelled)
    assert labelled in set(open_dataset("shots").manifest["id"])


def test_checks__show_groups_across_splits(photographs, monkeypatch):
    monkeypatch.setattr(background, "QUICK_S", 60)
    dataset = imported(photographs, "two")
    regroup(dataset, plan_regrouping(dataset, Pattern("parent")))
    app = open_data(dataset="two", look="Checks", duplicates="scattered")
    assert not app.exception
    assert "2 groups of images are in more than one split" in text(app)
    assert "2 groups." in text(app)
    assert button(app, "Put every group into one split")
