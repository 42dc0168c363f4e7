import shutil
import stat
import zipfile
from pathlib import Path

import pytest

from sealife_core.datasets.imports import archives
from sealife_core.datasets.imports.importing import import_images
from sealife_core.errors import DatasetError
from tests.datasets.pictures import encoded, left_in, write_folder, write_zip


def assert_refused(home: Path, source: Path, says: str) -> None:
    before = sorted(source.parent.rglob("*"))
    with pytest.raises(DatasetError, match=says) as caught:
        import_images(source, "sea")
    assert "\n" not in str(caught.value)
    assert left_in(home / "data") == []
    assert sorted(source.parent.rglob("*")) == before


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that is not below ``home``."""
    return tmp_path_factory.mktemp("outside")


@pytest.mark.parametrize("data", [b"not a zip", b"", b"PK\x03\x04 and no more"])
def test_unpack__not_a_zip(home: Path, outside: Path, data: bytes):
    (outside / "sea.zip").write_bytes(data)
    assert_refused(home, outside / "sea.zip", "is not a zip file, or is damaged")


def test_unpack__a_zip_cut_short(home: Path, outside: Path):
    whole = write_zip(outside / "sea.zip", {f"crab/{n}.jpg": encoded(n) for n in range(5)})
    whole.write_bytes(whole.read_bytes()[:-100])
    assert_refused(home, whole, "is not a zip file, or is damaged")


def test_unpack__entries_that_climb_are_skipped_and_named(home: Path, outside: Path):
    climbing = [
        "../climber.jpg",
        "crab/../../climber.jpg",
        "/climber.jpg",
        "..\\climber.jpg",
        "C:/climber.jpg",
        "crab/..\\..\\climber.jpg",
    ]
    good = {f"crab/{n}.jpg": encoded(n) for n in range(3)} | {f"ray/{n}.jpg": encoded(n + 9) for n in range(3)}
    source = write_zip(outside / "sea.zip", good | {name: encoded(50) for name in climbing})
    report = import_images(source, "sea")
    assert report.imported == 6
    assert {reason for _, reason in report.skipped} == {"Its path leads out of the zip."}
    assert {file for file, _ in report.skipped} == {name.replace("\\", "/") for name in climbing}
    found = [path for top in (home, outside) for path in top.parent.rglob("*climber*")]
    assert found == []


def test_unpack__links_are_skipped(home: Path, outside: Path):
    source = write_zip(outside / "sea.zip", {"crab/0.jpg": encoded()})
    with zipfile.ZipFile(source, "a") as archive:
        link = zipfile.ZipInfo("crab/link.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    report = import_images(source, "sea")
    assert report.imported == 1
    assert report.skipped == [("crab/link.jpg", "A link to another file, not a picture.")]


def test_unpack__a_bomb_is_refused_while_it_unpacks(home: Path, outside: Path):
    entries = {"crab/0.jpg": encoded()} | {f"crab/{n}.bmp": bytes(20 * 2**20) for n in range(1, 6)}
    source = write_zip(outside / "sea.zip", entries)
    assert source.stat().st_size < 2**20
    assert_refused(home, source, "unpacks to more than 64 MiB")


def test_unpack__a_bomb_that_lies_about_its_size(home: Path, outside: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(archives, "HARMLESS_BYTES", 2**20)
    source = write_zip(outside / "sea.zip", {"crab/0.bmp": bytes(40 * 2**20)})
    claimed, true = (10).to_bytes(4, "little"), (40 * 2**20).to_bytes(4, "little")
    assert source.read_bytes().count(true) == 2
    source.write_bytes(source.read_bytes().replace(true, claimed))
    with pytest.raises(DatasetError):
        import_images(source, "sea")
    assert left_in(home / "data") == []


def test_unpack__well_packed_drawings_are_no_bomb(home: Path, outside: Path):
    flat = {f"crab/{n}.bmp": encoded(n, "BMP", (400, 300)) for n in range(4)}
    assert import_images(write_zip(outside / "sea.zip", flat), "sea").imported == 4


def test_unpack__no_room_on_the_disk(home: Path, outside: Path, monkeypatch: pytest.MonkeyPatch):
    source = write_zip(outside / "sea.zip", {"crab/0.jpg": encoded()})
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10}))
    assert_refused(home, source, "no space to unpack")


def test_unpack__an_encrypted_zip(home: Path, outside: Path):
    source = write_zip(outside / "sea.zip", {"crab/0.jpg": encoded()})
    data = bytearray(source.read_bytes())
    data[6] |= 1  # the flag in the entry's own header, and in the directory at the end
    data[data.index(b"PK\x01\x02") + 8] |= 1
    source.write_bytes(data)
    assert_refused(home, source, "is encrypted")


def test_unpack__a_damaged_entry_costs_only_itself(home: Path, outside: Path):
    source = outside / "sea.zip"
    with zipfile.ZipFile(source, "w") as archive:
        for n in range(3):
            archive.writestr(f"crab/{n}.jpg", encoded(n))
    data = bytearray(source.read_bytes())
    data[data.index(encoded(1)) + 200] ^= 0xFF
    source.write_bytes(data)
    report = import_images(source, "sea")
    assert report.imported == 2
    assert report.skipped[0][0] == "crab/1.jpg"
    assert "Damaged inside the zip" in report.skipped[0][1]


def test_unpack__one_file_twice_under_one_name_is_one_image(home: Path, outside: Path):
    source = write_zip(outside / "sea.zip", {"crab/0.jpg": encoded(0)})
    with zipfile.ZipFile(source, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("crab/0.jpg", encoded(0))
    report = import_images(source, "sea")
    assert (report.imported, report.skipped) == (1, [("crab/0.jpg", "The same file under the same name again.")])


def test_unpack__tells_how_far_it_is(home: Path, outside: Path):
    write_folder(outside / "sea", {"crab": 3})
    source = write_zip(outside / "sea.zip", {f"crab/{n}.jpg": encoded(n) for n in range(3)})
    told: list[tuple[str, int, int]] = []
    import_images(source, "sea", progress=lambda *stage: told.append(stage))
    assert told[:6] == [("Unpacking", n, 3) for n in (1, 2, 3)] + [("Reading pictures", n, 3) for n in (1, 2, 3)]


def test_unpack__leaves_room_for_the_copies_and_for_others(home: Path, outside: Path, monkeypatch: pytest.MonkeyPatch):
    pictures = {f"crab/{n}.bmp": encoded(n, "BMP") for n in range(3)}
    size_bytes = sum(map(len, pictures.values()))
    usage = shutil.disk_usage(home)
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda folder: usage._replace(free=2 * size_bytes))
    assert_refused(home, write_zip(outside / "sea.zip", pictures), "no space to unpack")


@pytest.mark.parametrize("zip64", [False, True])
def test_unpack__a_list_of_too_many_entries_is_refused_unread(
    home: Path, outside: Path, zip64: bool, monkeypatch: pytest.MonkeyPatch
):
    source = write_zip(outside / "sea.zip", {f"crab/{n}.jpg": encoded(n) for n in range(9)})
    if zip64:
        monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 3)
        source = write_zip(source, {f"crab/{n}.jpg": encoded(n) for n in range(9)})
        assert b"PK\x06\x06" in source.read_bytes()
    with zipfile.ZipFile(source, "a") as archive:
        archive.comment = b"a comment behind the end"
    assert import_images(source, "whole").imported == 9
    monkeypatch.setattr(archives, "MOST_LISTED_BYTES", 400)
    monkeypatch.setattr(zipfile.ZipFile, "infolist", lambda archive: pytest.fail("read"))
    with pytest.raises(DatasetError, match="too many files for one zip"):
        import_images(source, "sea")
