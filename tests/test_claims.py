"""A folder in which something is built belongs to its process, and goes when that has ended."""

import errno
import json
import os
from pathlib import Path

import pytest

from sealife_core.claims import claim_of, claimed_folder, move_into_place


def test_claimed_folder__on_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(path: Path, text: str) -> int:
        path.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        claimed_folder(tmp_path, "upload-")
    assert list(tmp_path.iterdir()) == []


def test_claimed_folder__says_whose_it_is_and_what_for_until_it_is_moved(tmp_path: Path):
    folder = claimed_folder(tmp_path, ".importing-", name="reef")
    assert folder.name.startswith(".importing-")
    assert claim_of(folder)["pid"] == os.getpid()
    assert claim_of(folder)["name"] == "reef"
    (folder / "a").write_text("x")
    move_into_place(folder, tmp_path / "reef")
    assert [path.name for path in tmp_path.rglob("*")] == ["reef", "a"]


def test_claimed_folder__removes_those_of_dead_processes_of_its_prefix_only(tmp_path: Path):
    living, dead, other = (claimed_folder(tmp_path, prefix) for prefix in ("a-", "a-", "b-"))
    for folder in (dead, other):
        (folder / ".claim.json").write_text(json.dumps(claim_of(folder) | {"boot": "another"}))
    claimed_folder(tmp_path, "a-")
    assert (living.exists(), dead.exists(), other.exists()) == (True, False, True)


def test_claim_of__what_cannot_be_read_is_no_claim(tmp_path: Path):
    for content in ("", "[1]", "{"):
        (tmp_path / ".claim.json").write_text(content)
        assert claim_of(tmp_path) == {}
