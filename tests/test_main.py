"""The command line on a disk that is full or cannot be written: one sentence, and nothing is left behind."""

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from sealife_core.__main__ import main
from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.directory import create_run

SENTENCES = {errno.ENOSPC: "The disk is full", errno.EROFS: "The disk is read-only", errno.EDQUOT: "Your disk quota"}
COMMANDS = {
    "reef": ["reef", "--name", "new", "--images", "10", "--size-px", "32"],
    "import": ["import", "PHOTOGRAPHS", "--name", "new"],
    "recipes save": ["recipes", "save", "Dusk", "--from", "Mild"],
    "runs note": ["runs", "note", "RUN", "--name", "x"],
    "train": ["train", "simclr", "--data", "reef"],
    "embed": ["embed", "--data", "reef"],
    "study": ["study", "labels", "--data", "reef"],
    "sweep": [
        "sweep",
        "simclr",
        "--data",
        "reef",
        "--vary",
        "temperature=0.1,1",
        "--method",
        "grid",
        "--file",
        "s.yaml",
    ],
}


def files(folder: Path) -> list[str]:
    """Everything below ``folder`` but what outlives commands on purpose."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(str(path) for path in found if not path.name.endswith((".lock", ".log")))


@pytest.mark.parametrize("number", SENTENCES, ids=errno.errorcode.__getitem__)
@pytest.mark.parametrize("command", COMMANDS)
def test_main__a_full_or_closed_disk_is_one_sentence_and_leaves_nothing(
    command: str, number: int, tiny_reef: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    run = create_run(preset("simclr", data="reef"))
    monkeypatch.chdir(tmp_path)
    before = files(tmp_path)

    def fails(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fails)
    told = {"PHOTOGRAPHS": str(tiny_reef.folder / "images"), "RUN": run.id}
    assert main([told.get(word, word) for word in COMMANDS[command]]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert SENTENCES[number] in said
    assert "Errno" not in said
    assert files(tmp_path) == before


def test_check__needs_no_disk_that_can_be_written(
    tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "fsync", fails)
    assert main(["data", "check", "reef"]) == 0
    assert "exact" in capsys.readouterr().out


def shell(*arguments: str, home: Path, out: object = subprocess.PIPE, limit: int | None = None) -> tuple[int, str]:
    """(Exit status, stderr) of the real command; ``limit``: no file may become larger, bytes."""
    limits = None if limit is None else lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    command = [sys.executable, "-m", "sealife_core", *arguments]
    environment = os.environ | {"SEALIFE_HOME": str(home)}
    ended = subprocess.run(command, env=environment, stdout=out, stderr=subprocess.PIPE, text=True, preexec_fn=limits)  # type: ignore[call-overload]
    return ended.returncode, ended.stderr


@pytest.mark.process
def test_main__a_real_limit_of_the_size_of_files_is_a_sentence(home: Path) -> None:
    status, said = shell("recipes", "save", "Dusk", "--from", "Mild", home=home, limit=0)
    assert status == 1
    assert "larger than this system allows" in said
    assert "Traceback" not in said


@pytest.mark.process
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_main__a_full_disk_behind_its_output_is_a_sentence(home: Path) -> None:
    with Path("/dev/full").open("w") as full:
        status, said = shell("recipes", "list", home=home, out=full)
    assert status == 1
    assert "The disk is full" in said
    assert "Traceback" not in said


@pytest.mark.process
def test_main__whoever_reads_the_output_may_stop(home: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    status, said = shell("recipes", "list", home=home, out=writing)
    os.close(writing)
    assert (status, said) == (1, "")
