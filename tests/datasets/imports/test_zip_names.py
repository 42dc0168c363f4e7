import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from sealife_core.datasets.imports.importing import import_images
from sealife_core.datasets.imports.zip_names import entry_names
from tests.datasets.pictures import encoded


def zipped(path: Path, names: list[bytes], extra: bytes = b"") -> Path:
    """A zip whose entries are called so and carry no flag, as some systems make it."""
    stand_ins = [len(name) * letter for letter, name in zip("stuvwxyz", names, strict=False)]
    with zipfile.ZipFile(path, "w") as archive:
        for number, stand_in in enumerate(stand_ins):
            info = zipfile.ZipInfo(stand_in)
            info.extra = extra
            archive.writestr(info, encoded(number))
    data = path.read_bytes()
    for stand_in, name in zip(stand_ins, names, strict=True):
        data = data.replace(stand_in.encode(), name)
    path.write_bytes(data)
    return path


def named(path: Path) -> tuple[list[str], list[str]]:
    with zipfile.ZipFile(path) as archive:
        return entry_names(archive.infolist())


def test_entry_names__without_the_flag_utf8_is_tried_first(home: Path, tmp_path: Path):
    names = [f"{label}/{n}.jpg".encode() for label in ("Me\u0301duse", "クラゲ") for n in range(2)]
    report = import_images(zipped(tmp_path / "finder.zip", names), "sea")
    assert report.dataset.classes == ("Méduse", "クラゲ")
    assert not any("code page" in note for note in report.notes)


@pytest.mark.parametrize(
    "names", [["海/クラゲ/0.jpg", "海/ヒトデ/0.jpg"], ["ひとで/写真 1.jpg"], ["表/1.jpg", "カニ/能.jpg"]]
)
def test_entry_names__of_a_japanese_windows(names: list[str], tmp_path: Path):
    found, notes = named(zipped(tmp_path / "x.zip", [name.encode("cp932") for name in names]))
    assert found == names
    assert "as Japanese (cp932)" in notes[0]


@pytest.mark.parametrize(
    "names",
    [
        ["crâne/1.jpg", "Étoile/2.jpg"],
        ["Méduse/é1.jpg"],
        ["né/1.jpg"],
        ["Krebs ä/ü.jpg"],
        ["MÉDUSE/a.jpg", "plain/b.jpg"],
    ],
)
def test_entry_names__of_a_western_windows(names: list[str], tmp_path: Path):
    found, notes = named(zipped(tmp_path / "x.zip", [name.encode("cp437") for name in names]))
    assert found == names
    assert "as Western European (cp437)" in notes[0]


@pytest.mark.parametrize(
    ("code_page", "name"),
    [("cp866", "краб/1.jpg"), ("gbk", "海星/照片.jpg"), ("cp949", "게/사진.jpg"), ("big5", "水母/照片.jpg")],
)
def test_entry_names__of_other_code_pages_may_be_garbled_and_that_is_said(code_page: str, name: str, tmp_path: Path):
    _, notes = named(zipped(tmp_path / "x.zip", [name.encode(code_page)]))
    assert "If this looks wrong" in notes[0]


def test_entry_names__the_name_in_unicode_beside_another_counts(tmp_path: Path):
    raw, true = "краб/1.jpg".encode("cp866"), "краб/1.jpg".encode()
    for checksum, found in ((zlib.crc32(raw), "краб/1.jpg"), (0, raw.decode("cp437"))):
        extra = struct.pack("<HHBL", 0x7075, 5 + len(true), 1, checksum) + true
        assert named(zipped(tmp_path / "x.zip", [raw], extra))[0] == [found]


def test_entry_names__plain_ones_need_no_note(tmp_path: Path):
    assert named(zipped(tmp_path / "x.zip", [b"crab/0.jpg"])) == (["crab/0.jpg"], [])
