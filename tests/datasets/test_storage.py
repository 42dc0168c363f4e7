"""Folders of data sets under several people, processes and hosts, and after a power cut."""

import errno
import hashlib
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sealife_core import processes, trash
from sealife_core.claims import claimed_folder
from sealife_core.datasets import storage
from sealife_core.datasets.corrections.editing import move
from sealife_core.datasets.dataset import Dataset, list_datasets, open_dataset
from sealife_core.datasets.imports.importing import import_images
from sealife_core.datasets.storage import (
    building,
    delete_dataset,
    empty_dataset_trash,
    restore_dataset,
    trashed_datasets,
)
from sealife_core.errors import DatasetError
from tests.datasets.pictures import left_in, write_folder

DAY_S = 86400.0


def test_restore__while_another_empties_the_trash_gives_back_all_or_says_it_is_gone(
    tiny_reef: Dataset, home: Path, monkeypatch: pytest.MonkeyPatch
):
    delete_dataset("reef")
    deleting, go_on = threading.Event(), threading.Event()
    remove = shutil.rmtree

    def slowly(folder: Path, **how: object) -> None:
        deleting.set()
        go_on.wait(30)
        remove(folder, **how)

    monkeypatch.setattr(shutil, "rmtree", slowly)
    emptying = threading.Thread(target=empty_dataset_trash)
    emptying.start()
    assert deleting.wait(30)
    with pytest.raises(DatasetError, match="no deleted data set 'reef'"):
        restore_dataset("reef")
    go_on.set()
    emptying.join()
    assert left_in(home / "data") == []


def test_empty_trash__spares_what_was_restored_just_before(tiny_reef: Dataset, home: Path):
    delete_dataset("reef")
    restore_dataset("reef")
    empty_dataset_trash()
    assert all(open_dataset("reef").image_path(row).is_file() for row in range(len(tiny_reef)))
    assert trashed_datasets() == []


def test_delete__of_one_name_by_two_people_at_once_is_one_sentence(tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch):
    size = storage.size_bytes

    def another_is_faster(folder: Path) -> int:
        monkeypatch.setattr(storage, "size_bytes", size)
        delete_dataset("reef")
        return 1

    monkeypatch.setattr(storage, "size_bytes", another_is_faster)
    with pytest.raises(DatasetError, match="Someone else has just deleted"):
        delete_dataset("reef")
    assert trashed_datasets() == ["reef"]


def test_building__two_of_one_name_at_once_are_refused(home: Path):
    with building("sea"):
        with pytest.raises(DatasetError, match="being imported right now"), building("sea"):
            pytest.fail("the second was let in")
        with building("other") as folder:
            (folder / "a").write_text("x")
    assert sorted(p.name for p in (home / "data").iterdir() if p.name != storage.LOCK) == ["other", "sea"]


@contextmanager
def from_elsewhere(monkeypatch: pytest.MonkeyPatch, what: str, value: str) -> Iterator[None]:
    """As seen from another host, container or boot."""
    with monkeypatch.context() as patch:
        patch.setattr(processes, what, lambda: value)
        yield


@pytest.mark.parametrize(("what", "value"), [("host", "another"), ("pid_namespace", "pid:[1]")])
def test_building__an_import_of_another_host_or_container_is_left_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch, what: str, value: str
):
    with from_elsewhere(monkeypatch, what, value):
        theirs = claimed_folder(home / "data", ".importing-", name="theirs")
    claim = json.loads((theirs / ".claim.json").read_text())
    (theirs / ".claim.json").write_text(json.dumps(claim | {"pid": 2**22 + 1}))  # no process of that number is here
    with building("mine"):
        assert theirs.exists()
    long_ago = time.time() - 2 * DAY_S
    for path in (theirs / ".claim.json", theirs):
        os.utime(path, (long_ago, long_ago))
    with building("also-mine"):
        assert not theirs.exists(), "nothing has been written into it for two days"


@pytest.mark.parametrize("change", [{"start_ticks": 1}, {"boot": "another"}, {"pid": 2**22 + 1}])
def test_building__what_a_process_of_this_host_left_is_removed_at_once(home: Path, change: dict[str, object]):
    stale = claimed_folder(home / "data", ".importing-", name="stale")
    claim = json.loads((stale / ".claim.json").read_text())
    (stale / ".claim.json").write_text(json.dumps(claim | change))
    with building("mine"):
        assert not stale.exists()


def test_building__a_folder_of_before_that_names_only_a_pid_is_removed_once_it_is_old(home: Path):
    old = home / "data" / f".importing-old-{os.getpid()}"
    old.mkdir()
    with building("one"):
        assert old.exists()
    os.utime(old, (0, 0))
    with building("two"):
        assert not old.exists()


# -- Power cuts --------------------------------------------------------------------------------------------------------


class Disk:
    """An ext4 of its own in a file. ``after_a_power_cut`` shows what would be found if the machine lost power now."""

    def __init__(self, folder: Path) -> None:
        self.image, self.at, self._later = folder / "disk.img", folder / "disk", folder / "later"
        with self.image.open("wb") as file:
            file.truncate(48 << 20)
        self.at.mkdir()
        self._later.mkdir()
        _run("mkfs.ext4", "-q", "-F", "-m", "0", str(self.image))
        self._mount(self.image, self.at)

    @contextmanager
    def after_a_power_cut(self) -> Iterator[Path]:
        copy = self.image.with_name("copy.img")
        shutil.copyfile(self.image, copy)  # what is in the memory of the system only is not in it
        self._mount(copy, self._later)
        try:
            yield self._later
        finally:
            _run("umount", str(self._later))

    def close(self) -> None:
        _run("umount", "-l", str(self.at))

    @staticmethod
    def _mount(image: Path, at: Path) -> None:
        # As a disk that nobody else flushes: the journal is written when a program asks for it, not every 5 s.
        _run("mount", "-o", "loop,commit=600", str(image), str(at))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=30)


@pytest.fixture
def disk(tmp_path: Path, flushes: None) -> Iterator[Disk]:
    if os.geteuid() != 0 or not all(map(shutil.which, ("mkfs.ext4", "mount", "losetup"))):
        pytest.skip("a disk of one's own needs root, mkfs.ext4 and loop devices")
    try:
        made = Disk(tmp_path)
    except (subprocess.CalledProcessError, OSError) as error:
        said = getattr(error, "stderr", b"") or str(error).encode()
        pytest.skip(f"no file system can be mounted here: {said.decode().strip()}")
    yield made
    made.close()


def whole(root: Path) -> list[str]:
    """The data sets below ``root``, each of which has every image that its manifest names."""
    names = list_datasets(root)
    for name in names:
        dataset = open_dataset(name, root)
        for row, digest in enumerate(dataset.manifest["sha256"]):
            assert storage_digest(dataset.image_path(row)) == digest
    return names


def storage_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_import__a_power_cut_at_any_moment_leaves_a_whole_data_set_or_none(disk: Disk, tmp_path: Path):
    source = write_folder(tmp_path / "sea", {"crab": 20, "ray": 20})

    def cut(stage: str, done: int, total: int) -> None:
        if stage == "Reading pictures" and done in (1, 13, total):
            with disk.after_a_power_cut() as later:
                assert whole(later) == []

    import_images(source, "sea", root=disk.at, progress=cut)
    with disk.after_a_power_cut() as later:
        assert whole(later) == ["sea"], "what was reported as imported is there"


def test_changes__that_were_reported_outlast_a_power_cut(disk: Disk, tiny_reef: Dataset):
    with building("reef", disk.at) as folder:
        shutil.copytree(tiny_reef.folder, folder, dirs_exist_ok=True)
    moved = move(open_dataset("reef", disk.at), {int(tiny_reef.rows("test")[0]): "train"})
    with disk.after_a_power_cut() as later:
        assert open_dataset("reef", later).content_hash == moved.content_hash
    delete_dataset("reef", disk.at)
    with disk.after_a_power_cut() as later:
        assert (list_datasets(later), trashed_datasets(later)) == ([], ["reef"])
    restore_dataset("reef", disk.at)
    with disk.after_a_power_cut() as later:
        assert whole(later) == ["reef"]


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("survey", "survey"),
        ("photos (2)", "photos 2"),
        (".._Été~1 & 2.", "Été 1 2"),
        ("x" * 100, "x" * 80),
        ("(?)", "(?)"),
    ],
)
def test_proposed_name__is_one_that_a_data_set_can_have(folder: str, name: str):
    assert storage.proposed_name(folder) == name
    if name != "(?)":
        assert storage.check_name(name) == name


def test_delete_and_restore__on_a_disk_that_fails_say_what_was_not_done(
    tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(trash, "rename", full)
        with pytest.raises(DatasetError, match=r"'reef' was not deleted\. The disk is full"):
            delete_dataset("reef")
    delete_dataset("reef")
    with monkeypatch.context() as patched:
        patched.setattr(trash, "rename", full)
        with pytest.raises(DatasetError, match=r"'reef' was not restored\. The disk is full"):
            restore_dataset("reef")
    restore_dataset("reef")
    assert open_dataset("reef").content_hash == tiny_reef.content_hash
