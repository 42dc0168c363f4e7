from pathlib import Path

import pytest
from pictures import encoded, left_in, write_folder

from sealife_core.datasets.importing import import_images
from sealife_core.datasets.tables import read_table
from sealife_core.errors import DatasetError


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


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "lacks the column 'file' and 'label'; its first line has nothing"),
        ("filename,label\na,b\n", "lacks the column 'file'; its first line has 'filename', 'label'"),
        ("file,species\na,b\n", "lacks the column 'label'"),
        (b"file,label\n\xff\xfe,x\n", "is not a UTF-8 text"),
        ('file,label\n"a,b\n', "cannot be read as a CSV"),
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
    assert "listed in line 2 already; that one is kept" in reasons[0]
    assert "with other values (label 'ray', there 'crab')" in reasons[1]
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
