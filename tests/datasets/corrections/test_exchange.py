"""Corrections as a file, by the names that the images had, and applied to another import of them."""

import csv
import io
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sealife_core.datasets.corrections.editing import correct, rename_class, undo
from sealife_core.datasets.corrections.entries import labels_by
from sealife_core.datasets.corrections.exchange import apply_csv, corrections_csv
from sealife_core.datasets.dataset import Dataset, open_dataset, write_dataset
from sealife_core.errors import DatasetError
from tests.datasets.corrections.conftest import drawn


def corrected(bay: Dataset) -> Dataset:
    now = correct(bay, {"i0": {"label": "=cmd()"}, "i7": {"label": "eel", "split": "val"}}, by="Ada", why="queue")
    now = rename_class(now, "ray", "stingray")
    now = correct(now, {"i1": {"excluded": "yes"}})
    return undo(correct(now, {"i2": {"label": "eel"}}), 4)


def test_corrections__applied_to_a_fresh_import_give_the_same_data_set(bay: Dataset, home: Path, tmp_path: Path):
    now = corrected(bay)
    file = tmp_path / "corrections.csv"
    file.write_text(corrections_csv(now), newline="")
    assert "dive 1/DSC_0007.jpg" in file.read_text()
    applied = apply_csv(drawn(home / "data" / "fresh"), file, by="Bo")
    assert open_dataset("fresh").manifest.equals(now.manifest)
    assert (applied.entries, applied.images, applied.missing) == (3, 3, [])
    assert [entry.by for entry in applied.dataset.entries] == ["Ada", "Bo", "Bo"]
    assert apply_csv(applied.dataset, file).entries == 0, "a second time changes nothing"


@pytest.mark.parametrize("delimiter", [";", "\t", ","])
def test_corrections__saved_again_by_a_spreadsheet(bay: Dataset, home: Path, tmp_path: Path, delimiter: str):
    now = corrected(bay)
    rows = csv.reader(io.StringIO(corrections_csv(now), newline=""))
    with (tmp_path / "again.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    apply_csv(drawn(home / "data" / "fresh"), tmp_path / "again.csv")
    assert open_dataset("fresh").manifest.equals(now.manifest)


def test_corrections__names_of_any_writing_come_back_as_they_were(bay: Dataset, home: Path, tmp_path: Path):
    label, by = 'crab, "عقرب البحر"; =1', 'O’Brien, "Bo"\r\nعائشة'
    now = correct(bay, {"i0": {"label": label, "group": "'dive, 3"}}, by=by)
    assert now.entries[0].by == 'O’Brien, "Bo"  عائشة', "on one line"
    file = tmp_path / "corrections.csv"
    file.write_text(corrections_csv(now), newline="")
    fresh = drawn(home / "data" / "fresh")
    applied = apply_csv(fresh, file)
    assert applied.dataset.entries[0].images == now.entries[0].images
    assert applied.dataset.entries[0].by == now.entries[0].by
    file.write_text(file.read_text().replace("O’Brien", "o’brien"), newline="")
    assert apply_csv(applied.dataset, file).entries == 0, "it is the same person's"


def test_corrections__find_an_image_that_was_renamed_and_name_those_that_are_gone(
    bay: Dataset, home: Path, tmp_path: Path
):
    file = tmp_path / "corrections.csv"
    file.write_text(corrections_csv(corrected(bay)), newline="")
    manifest = bay.original.manifest.iloc[[0, 1, 4, 5]].assign(source="elsewhere.jpg")
    applied = apply_csv(write_dataset(home / "data" / "other", manifest, {}), file)
    assert applied.missing == ["dive 1/DSC_0007.jpg"]
    assert applied.dataset.classes == ("=cmd()", "stingray")
    assert applied.said.endswith("1 image is not in this data set: dive 1/DSC_0007.jpg.")


def test_apply__leaves_the_split_of_a_label_that_was_taken_back(bay: Dataset, home: Path, tmp_path: Path):
    now = correct(correct(bay, {"i7": {"label": "eel"}}), {"i7": {"split": "test"}, "i0": {"split": "val"}})
    now = undo(now, 1)
    (tmp_path / "c.csv").write_text(corrections_csv(now))
    applied = apply_csv(drawn(home / "data" / "fresh"), tmp_path / "c.csv")
    assert applied.dataset.manifest.equals(now.manifest)
    assert applied.said == "1 correction applied to 1 image."


def test_apply__a_second_time_takes_back_nothing_that_was_corrected_since(bay: Dataset, home: Path, tmp_path: Path):
    file, fresh = tmp_path / "c.csv", drawn(home / "data" / "fresh")
    now = rename_class(correct(bay, {"i0": {"label": "eel"}}, by="Bo"), "crab", "spider", by="Bo")
    file.write_text(corrections_csv(now))
    applied = correct(apply_csv(fresh, file).dataset, {"i0": {"label": "cod"}}, by="Ada")
    file.write_text(corrections_csv(correct(now, {"i1": {"label": "eel"}}, by="Bo", why="queue")))
    again = apply_csv(applied, file)
    assert (again.entries, again.missing) == (1, [])
    assert again.dataset.manifest["label"].tolist()[:3] == ["cod", "eel", "spider"]
    once_more = apply_csv(undo(again.dataset, 4), file)
    assert (once_more.entries, once_more.undone) == (0, [4])
    assert "Undone here and left so: 4. 'data redo'" in once_more.said


def test_applied__a_renamed_class_is_of_no_image(bay: Dataset, home: Path, tmp_path: Path):
    (tmp_path / "c.csv").write_text(corrections_csv(rename_class(bay, "ray", "stingray")))
    assert apply_csv(drawn(home / "data" / "fresh"), tmp_path / "c.csv").said == "1 correction applied."


def test_apply__keeps_who_and_when_and_says_when_it_was_applied(bay: Dataset, home: Path, tmp_path: Path):
    lines = [
        "entry,at,by,why,file,sha256,field,from,to",
        f"4,2025-07-01T12:00:00+02:00,Ada,suspect,x.jpg,{0:064x},label,crab,ray",
        f"9,2025-07-02,,,x.jpg,{1:064x},label,crab,ray",
        f"10,,Bo,,x.jpg,{2:064x},label,crab,ray",
    ]
    (tmp_path / "c.csv").write_text("\n".join(lines))
    entries = apply_csv(bay, tmp_path / "c.csv", by="Cy").dataset.entries
    assert [(one.at, one.by, one.why) for one in entries[:2]] == [
        ("2025-07-01T10:00:00+00:00", "Ada", "suspect"),
        ("2025-07-02T00:00:00+00:00", "Cy", "file"),
    ]
    now = datetime.now(UTC).isoformat()
    assert all("2026" < time <= now for time in (entries[0].applied, entries[1].applied, entries[2].at))
    assert entries[2].applied == ""
    (tmp_path / "again.csv").write_text(corrections_csv(open_dataset("bay")))
    again = apply_csv(drawn(home / "data" / "fresh"), tmp_path / "again.csv").dataset.entries
    assert [one.at for one in again] == [one.at for one in entries], "of a second file too"


def test_apply__of_two_at_once_both_are_kept_whole(bay: Dataset, tmp_path: Path):
    def rows(by: str, image: int) -> str:
        head = "entry,at,by,why,file,sha256,field,from,to\n"
        return head + "".join(f"{n},,{by},,x.jpg,{image:064x},label,,class {n}\n" for n in range(40))

    ready, files = threading.Barrier(2), [tmp_path / "ada.csv", tmp_path / "bo.csv"]
    for image, file in enumerate(files):
        file.write_text(rows(file.stem, image))

    def apply(file: Path) -> None:
        ready.wait(30)
        apply_csv(bay, file)

    threads = [threading.Thread(target=apply, args=(file,)) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    by = [entry.by for entry in open_dataset("bay").entries]
    assert by in (["ada"] * 40 + ["bo"] * 40, ["bo"] * 40 + ["ada"] * 40)


def test_apply__a_person_confirms_what_another_said_once(bay: Dataset, tmp_path: Path):
    lines = [
        "entry,at,by,why,file,sha256,field,from,to",
        *(
            f"{n},,{by},queue,x.jpg,{0:064x},label,,{to}"
            for n, by, to in [
                (1, "Ada", "eel"),
                (2, "Bo", "eel"),
                (3, "Bo", "eel"),
                (4, "Cy", "cod"),
                (5, "Ada", "cod"),
                (6, "Ada", "cod"),
            ]
        ),
        "7,,Cy,queue,,,class,cod,ling",
        f"8,,Ada,queue,x.jpg,{0:064x},label,,ling",
    ]
    (tmp_path / "c.csv").write_text("\n".join(lines))
    entries = apply_csv(bay, tmp_path / "c.csv").dataset.entries
    assert [one.by for one in entries] == ["Ada", "Bo", "Cy", "Ada", "Cy"]
    assert labels_by(entries) == {"Ada": {"i0": "ling"}, "Bo": {"i0": "eel"}, "Cy": {"i0": "ling"}}


def test_apply__one_refused_correction_writes_none(bay: Dataset, home: Path, tmp_path: Path):
    text = corrections_csv(rename_class(corrected(bay), "stingray", "ray"))
    (tmp_path / "c.csv").write_text(text.replace("class,stingray,ray", "class,stingray,stingray"))
    drawn(home / "data" / "fresh")
    with pytest.raises(DatasetError, match="The class is called 'stingray' already"):
        apply_csv(open_dataset("fresh"), tmp_path / "c.csv")
    assert open_dataset("fresh").version == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "entry,at,by,why,file,sha256,field,from,to\n1,29.11.2026 10:00,,,a,b,label,,eel\n",
            "Line 2 of 'c.csv': '29.11.2026 10:00' is no time",
        ),
        ("", "holds no corrections"),
        ("file,label\na,b\n", "Line 2 of 'c.csv' is no correction: expected the columns entry"),
        ("entry,at,by,why,file,sha256,field,from,to\n1,,,,a,b,split,train,holdout\n", "Line 2 of 'c.csv'.*'holdout'"),
        ("entry,at,by,why,file,sha256,field,from,to\n1,,,,a\n", "Line 2 of 'c.csv' is no correction"),
        (
            "entry,at,by,why,file,sha256,field,from,to\n1,,,pattern:names,a,b,group,,x\n",
            "Line 2 of 'c.csv': 'names' does not say what pictures are grouped by",
        ),
    ],
)
def test_apply__a_file_that_is_none_changes_nothing(bay: Dataset, tmp_path: Path, text: str, says: str):
    (tmp_path / "c.csv").write_text(text)
    with pytest.raises(DatasetError, match=says):
        apply_csv(bay, tmp_path / "c.csv")
    with pytest.raises(DatasetError, match=r"'none\.csv' cannot be read"):
        apply_csv(bay, tmp_path / "none.csv")
    assert open_dataset("bay").version == 0
