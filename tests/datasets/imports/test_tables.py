import unicodedata
from pathlib import Path
from typing import Literal

import pytest

from sealife_core.datasets.grouping.patterns import Pattern
from sealife_core.datasets.imports.importing import import_images
from sealife_core.datasets.imports.tables import read_table
from sealife_core.errors import DatasetError
from tests.datasets.pictures import encoded, left_in, write_folder, write_zip

Form = Literal["NFC", "NFD"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "sea", {"pictures": 8})


def table(folder: Path, text: str | bytes) -> Path:
    path = folder / "list.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_read_table__all_columns(folder: Path):
    text = "label,file,split,group,depth\n crab ,pictures/0.jpg,Validation,dive 1,3\n,pictures/1.jpg,,,\n\n"
    found, skipped = read_table(table(folder, text))
    assert [(f.source, f.label, f.split, f.group) for f in found] == [
        ("pictures/0.jpg", "crab", "val", "dive 1"),
        ("pictures/1.jpg", "", "", ""),
    ]
    assert found[0].path.is_file()
    assert skipped == []
    assert [f.columns for f in found] == [{"depth": "3"}, {"depth": ""}]


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbffile,label\r\npictures/0.jpg,cr\xc3\xa4b\r\n",
        "FILE; Label\npictures/0.jpg;cräb\n".encode(),
        "file\tlabel\npictures\\0.jpg\tcräb\n".encode(),
    ],
)
def test_read_table__as_spreadsheets_write_it(folder: Path, text: bytes):
    found, _ = read_table(table(folder, text))
    assert [f.label for f in found] == ["cräb"]
    assert found[0].path.is_file()


def test_read_table__capitals_as_windows_allows_them(folder: Path):
    (folder / "pictures" / "B.jpg").write_bytes(encoded(20))
    (folder / "pictures" / "b.jpg").write_bytes(encoded(21))
    found, skipped = read_table(
        table(folder, "file,label\nPictures\\0.JPG,crab\npictures/B.JPG,ray\npictures/b.jpg,eel\n")
    )
    assert [(f.label, f.path.name) for f in found] == [("crab", "0.jpg"), ("eel", "b.jpg")]
    assert skipped == [("pictures/B.JPG", "Line 3: there is no such file.")], "it may be either of two"


def test_read_table__capitals_in_a_zip(home: Path, tmp_path: Path):
    entries = {"images/a.JPG": encoded(1), "images/b.jpg": encoded(2)}
    lines = b"file,label\nImages/a.jpg,crab\nImages/B.jpg,ray\n"
    dataset = import_images(write_zip(tmp_path / "sea.zip", entries | {"labels.csv": lines}), "sea").dataset
    assert sorted(dataset.manifest["label"]) == ["crab", "ray"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "lacks the column 'file' and 'label'; its first line has nothing"),
        ("filename,label\na,b\n", "lacks the column 'file'; its first line has 'filename', 'label'"),
        ("file,species\na,b\n", "lacks the column 'label'"),
        (b"file,label\n\xff\xfe,x\n", "is not a UTF-8 text"),
        ('file,label\n"a,b\n', "cannot be read as a CSV from line 2 on"),
        ('sep=;\nfile;label\na;"b\nc"\na;"b\nc;d\n', "from line 5 on .* Does a quotation mark stand alone there"),
    ],
)
def test_read_table__what_is_no_table(folder: Path, text: str | bytes, says: str):
    with pytest.raises(DatasetError, match=says):
        read_table(table(folder, text))


def test_read_table__all_problems_are_told_together(folder: Path):
    text = "file,label,split\npictures/0.jpg,crab,holdout\n,crab,train\npictures/1.jpg,ray,tset\n"
    with pytest.raises(DatasetError) as caught:
        read_table(table(folder, text))
    for part in ("line 2: split 'holdout'", "line 3: 'file' is empty", "line 4: split 'tset'"):
        assert part in str(caught.value)


def test_read_table__what_is_left_out_has_a_reason(folder: Path):
    text = (
        "file,label,split\npictures/0.jpg,crab,train\npictures/0.jpg,crab,train\npictures/0.jpg,ray,train\n"
        "pictures/99.jpg,crab,train\npictures/1.jpg,,test\npictures,crab,train\n"
    )
    found, skipped = read_table(table(folder, text))
    assert len(found) == 1
    assert [source for source, _ in skipped] == [
        "pictures/0.jpg", "pictures/0.jpg", "pictures/99.jpg", "pictures/1.jpg", "pictures",
    ]  # fmt: skip
    reasons = [reason for _, reason in skipped]
    assert "already listed in line 2; line 2 is kept" in reasons[0]
    assert "with other values (label 'ray' here, 'crab' there)" in reasons[1]
    assert "no such file" in reasons[2]
    assert "has no label" in reasons[3].lower()
    assert "no such file" in reasons[4]


def test_import__a_table_with_groups_keeps_them_together(home: Path, folder: Path):
    lines = ["file,label,group"]
    for number in range(60):
        (folder / f"{number}.jpg").write_bytes(encoded(number))
        lines.append(f"{number}.jpg,{'crab' if number < 30 else 'ray'},dive {number // 3}")
    dataset = import_images(table(folder, "\n".join(lines)), "sea").dataset
    homes = dataset.manifest.groupby("group")["split"].nunique()
    assert len(homes) == 20
    assert (homes == 1).all()
    assert [len(dataset.rows(split)) for split in ("train", "val", "test")] == [48, 6, 6]


def test_import__a_table_with_splits_keeps_them(home: Path, folder: Path):
    values = ["crab,train", "ray,train", "crab,val", "ray,val", "crab,test", ",", "ray,test"]
    rows = [f"pictures/{number}.jpg,{value}" for number, value in enumerate(values)]
    report = import_images(table(folder, "\n".join(["file,label,split", *rows])), "sea")
    assert report.dataset.manifest["split"].tolist() == ["train", "train", "val", "val", "test", "train", "test"]
    assert report.notes == ["The splits that came with the images are kept."]


def test_import__a_table_of_missing_files_is_one_sentence(home: Path, folder: Path):
    with pytest.raises(DatasetError, match="no such file"):
        import_images(table(folder, "file,label\nx.jpg,crab\n"), "sea")
    assert left_in(home / "data") == []


@pytest.mark.parametrize(
    "text",
    [
        'file;label;"size, mm"\npictures/0.jpg;crab;0,5\n',
        "file\tlabel\tplace (lat, lon)\npictures/0.jpg\tcrab\t1, 2\n",
        "sep=;\r\nfile;label\r\npictures/0.jpg;crab\r\n",
        '"sep=|"\nfile|label\npictures/0.jpg|crab\n',
        'place;notes, long;file;label\n"a,b";x;pictures/0.jpg;crab\n',
        "file,label,notes,notes,\npictures/0.jpg,crab,a,b,\n",
    ],
)
def test_read_table__the_delimiter_is_the_one_that_gives_the_columns(folder: Path, text: str):
    found, skipped = read_table(table(folder, text))
    assert ([(f.source, f.label) for f in found], skipped) == ([("pictures/0.jpg", "crab")], [])


@pytest.mark.parametrize(
    "header", ["file,label,label", "file,file,label", "file,label,split,Split", "file,label,Label "]
)
def test_read_table__a_doubled_column_is_refused(folder: Path, header: str):
    with pytest.raises(DatasetError, match="more than once"):
        read_table(table(folder, f"{header}\npictures/0.jpg,crab,,\n"))


@pytest.mark.parametrize(("of_table", "of_disk"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_read_table__composed_and_decomposed_names_meet(folder: Path, of_table: Form, of_disk: Form):
    (folder / unicodedata.normalize(of_disk, "récif")).mkdir()
    (folder / unicodedata.normalize(of_disk, "récif/méduse.jpg")).touch()
    name = unicodedata.normalize(of_table, "récif/méduse.jpg")
    found, skipped = read_table(table(folder, f"file,label\n{name},méduse\n"))
    assert skipped == []
    assert found[0].path.is_file()


def test_read_table__of_names_in_both_forms_each_is_its_own(folder: Path):
    names = [unicodedata.normalize(form, "é.jpg") for form in ("NFC", "NFD")]
    for name in names:
        (folder / name).write_text(name)
    found, _ = read_table(table(folder, "file,label\n" + "".join(f"{name},a\n" for name in names)))
    assert [f.path.read_text() for f in found] == names


def test_read_table__one_file_written_in_two_ways_is_one_picture(folder: Path):
    text = "file,label\npictures/0.jpg,crab\npictures\\0.jpg,crab\n./pictures/../pictures/0.jpg,ray\n"
    found, skipped = read_table(table(folder, text))
    assert len(found) == 1
    assert ["already listed in line 2" in reason for _, reason in skipped] == [True, True]


def test_read_table__an_overlong_line_costs_only_itself(folder: Path):
    text = f"file,label,group\n{'x' * 5_000}.jpg,crab\n{'y/' * 100_000}0.jpg,crab\npictures/0.jpg,{'crab' * 50_000}\n"
    text += f"pictures/1.jpg,ray,{'g' * 256}\npictures/2.jpg,{'c' * 255}\n"
    found, skipped = read_table(table(folder, text))
    assert [(f.source, f.label) for f in found] == [("pictures/2.jpg", "c" * 255)]
    assert [reason for _, reason in skipped] == [
        "Line 2: there is no such file.",
        "Line 3: there is no such file.",
        f"Line 4: The class '{'crab' * 10}…' has 200,000 characters; expected 255 at most. Is a quotation mark"
        " missing?",
        f"Line 5: The group '{'g' * 40}…' has 256 characters; expected 255 at most. Is a quotation mark missing?",
    ]
    assert max(len(source) for source, _ in skipped) < 400


def test_import__a_table_beside_the_pictures_gives_the_labels(home: Path, folder: Path, tmp_path: Path):
    lines = [f"pictures/{n}.jpg,{'crab' if n % 2 else 'ray'}" for n in range(6)]
    table(folder, "\n".join(["file,label", *lines]))
    entries = {f"fish/{f.relative_to(folder)}": f.read_bytes() for f in folder.rglob("*.*")}
    for source in (folder, write_zip(tmp_path / "fish.zip", entries)):
        report = import_images(source, source.stem)
        assert report.dataset.classes == ("crab", "ray")
        assert report.imported == 6
        assert "The labels come from the table" in report.notes[0]
        assert [Path(file).name for file, _ in report.skipped] == ["6.jpg", "7.jpg"]
        assert all("Not listed in" in reason for _, reason in report.skipped)


def test_import__a_table_that_gives_no_labels_is_said(home: Path, folder: Path):
    (folder / "species.csv").write_text("image,species\npictures/0.jpg,crab\n")
    (folder / "elsewhere.csv").write_text("file,label\nnowhere/0.jpg,crab\n")
    report = import_images(folder, "one")
    assert report.dataset.classes == ("pictures",)
    assert "'species.csv' was not used. 'species.csv' lacks the column 'file' and 'label'" in report.notes[0]
    assert dict(report.skipped)["elsewhere.csv"] == "This table lists none of the pictures."
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text("file,label\npictures/0.jpg,crab\n")
    report = import_images(folder, "two")
    assert report.dataset.classes == ("pictures",)
    assert any("Several tables list pictures and labels ('a.csv', 'b.csv')" in note for note in report.notes)


def test_import__keeps_the_further_columns_and_says_what_is_not_used(folder: Path):
    """Whatever a heading or a cell says, it comes back as it was; of two columns of one name the first counts."""
    lines = [f"pictures/{n}.jpg,crab,{'=REEF' if n < 4 else 'Bay'},{n % 2},x" for n in range(8)]
    source = table(folder, "\n".join(["file,label,Site,=dive,site", *lines]))
    report = import_images(source, "sea", group_by=Pattern("column", column="site"))
    dataset = report.dataset
    assert dataset.table_columns == {"site": ["=REEF"] * 4 + ["Bay"] * 4, "=dive": ["0", "1"] * 4}
    assert dataset.manifest["group"].tolist() == dataset.table_columns["site"]
    (said,) = [note for note in report.notes if "column" in note]
    assert said.startswith("The column '=dive' of the table is kept, but not used.")
    assert import_images(source, "plain").notes[0].startswith("The columns 'site' and '=dive' of the table are kept")
    with pytest.raises(DatasetError, match=r"has no column 'depth' to group by. It has 'site', '=dive'"):
        import_images(source, "deep", group_by=Pattern("column", column="depth"))


def test_read_table__of_more_columns_than_a_table_of_pictures_has_is_refused(folder: Path):
    with pytest.raises(DatasetError, match="has 1,002 columns; expected at most 1,000"):
        read_table(table(folder, "file,label," + ",".join(f"c{n}" for n in range(1000))))
