"""Which version a run saw, and what was corrected since."""

from sealife_core.datasets.corrections.editing import correct, undo
from sealife_core.datasets.corrections.versions import seen
from sealife_core.datasets.dataset import Dataset


def test_seen__says_what_was_corrected_since(bay: Dataset):
    assert (seen(bay, bay.content_hash).said, seen(bay, bay.content_hash).since) == ("bay", "")
    first = correct(bay, {"i0": {"label": "ray"}})
    assert seen(first, bay.content_hash).said == "bay, as it was imported"
    now = correct(first, {"i7": {"label": "eel", "split": "test"}, "i1": {"label": "eel"}, "i2": {"split": "val"}})
    now = correct(now, {"i3": {"excluded": "yes"}, "i4": {"split": "test", "group": "dive"}})
    assert (seen(now, first.content_hash).said, seen(now, now.content_hash).since) == ("version 1 of bay", "")
    assert seen(now, first.content_hash).since == (
        "2 corrections since: 1 picture labelled, 1 relabelled, 1 moved to another split, 1 regrouped, 1 left out."
    )
    bare = correct(now, {"i6": {"label": ""}})
    assert seen(bare, now.content_hash).since == "1 correction since: 1 picture left without a label."
    now = undo(bare, 4)
    back = correct(now, {"i3": {"excluded": ""}})
    assert seen(back, now.content_hash).since == "1 correction since: 1 picture taken back in."
    assert seen(undo(back, 6), now.content_hash).since == "", "the newest version with that content"


def test_seen__of_another_import(bay: Dataset):
    assert seen(bay, "0" * 16).said == "bay, before it was imported again"
