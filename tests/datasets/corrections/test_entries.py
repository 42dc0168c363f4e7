"""The log of corrections survives a crash, and says so where it cannot be read."""

import json
import os

import pytest

from sealife_core import durable
from sealife_core.datasets.corrections.editing import add_entries, correct
from sealife_core.datasets.corrections.entries import LOG, read_log
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.errors import DatasetError


def test_a_crash_in_the_middle__leaves_the_last_whole_entry(bay: Dataset):
    one = correct(bay, {"i0": {"label": "ray"}})
    whole = (bay.folder / LOG).read_bytes()
    correct(one, {"i1": {"label": "ray"}})
    longer = (bay.folder / LOG).read_bytes()
    for cut in range(len(whole), len(longer), 7):
        (bay.folder / LOG).write_bytes(longer[:cut])
        assert open_dataset("bay").content_hash == one.content_hash
    two = correct(one, {"i1": {"label": "eel"}})
    assert (bay.folder / LOG).read_bytes().count(b"\n") == 2
    assert open_dataset("bay").content_hash == two.content_hash


def test_a_full_disk__leaves_nothing_of_the_entry(bay: Dataset, monkeypatch: pytest.MonkeyPatch):
    one = correct(bay, {"i0": {"label": "ray"}})
    before = (bay.folder / LOG).read_bytes()
    write = os.write
    monkeypatch.setattr(durable.os, "write", lambda file, text: write(file, text[:20]))
    with pytest.raises(DatasetError, match="was not saved"):
        correct(one, {"i1": {"label": "ray"}})
    monkeypatch.undo()
    assert (bay.folder / LOG).read_bytes() == before


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b'{"format":9,"number":2,"at":"","by":"","why":"","bounds":[1,2]}', "newer version of this program"),
        (b"\xff\xfe", "Line 2 of corrections.jsonl of data set 'bay' is damaged"),
        (b"", "Line 2 of corrections.jsonl of data set 'bay' is damaged"),
        (b'{"format":1,"number":7,"at":"","by":"","why":""}', "line 2 is entry 7"),
        (b'{"format":1,"number":2,"at":"","by":"","why":"","images":{"i0":{"colour":["",""]}}}', "is damaged"),
    ],
)
def test_a_log_that_cannot_be_read__is_one_sentence(bay: Dataset, line: bytes, says: str):
    correct(bay, {"i0": {"label": "ray"}})
    with (bay.folder / LOG).open("ab") as file:
        file.write(line + b"\n")
    with pytest.raises(DatasetError, match=says) as caught:
        open_dataset("bay")
    assert "\n" not in str(caught.value)


def test_an_opinion__is_read_by_nobody_who_does_not_know_it(bay: Dataset):
    now = correct(bay, {"i0": {"opinion": "ray"}}, by="Bo", why="blind")
    assert json.loads((bay.folder / LOG).read_text())["format"] == 2
    assert (now.content_hash, open_dataset("bay").entries) == (bay.content_hash, now.entries)


def test_an_entry_made_elsewhere__is_read_by_nobody_who_does_not_know_when_it_was_applied(bay: Dataset):
    correct(bay, {"i0": {"label": "ray"}})
    add_entries(
        bay, lambda draft: draft.correct({"i1": {"label": "ray"}}, by="", why="file", at="2026-01-02T03:04:05Z")
    )
    here, elsewhere = (json.loads(line) for line in (bay.folder / LOG).read_text().splitlines())
    assert (here["format"], elsewhere["format"]) == (1, 2)
    assert (elsewhere["at"], "applied" in here) == ("2026-01-02T03:04:05Z", False)
    assert read_log(bay.folder)[1].applied == elsewhere["applied"] > "2026-01-02"


def test_read_log__of_a_data_set_that_was_never_corrected(bay: Dataset):
    assert read_log(bay.folder) == ()


def test_names__that_look_the_same_are_one_person_as_first_written(bay: Dataset):
    names = ("Zoë", "zoe\u0308 ", " ZOË", "Zoe", "\u200b")
    for number, by in enumerate(names):
        correct(open_dataset("bay"), {f"i{number}": {"label": "eel"}}, by=by)
    assert [entry.by for entry in open_dataset("bay").entries] == ["Zoë", "Zoë", "Zoë", "Zoe", ""]
    log = (bay.folder / LOG).read_text(encoding="utf-8")
    (bay.folder / LOG).write_text(log.replace('"by":"Zoe"', '"by":"ZOË"'), encoding="utf-8")
    assert {entry.by for entry in open_dataset("bay").entries} == {"Zoë", ""}, "so are those that are there already"
