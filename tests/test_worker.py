"""The worker as a real process: its outcomes, in the words that a person reads."""

import gc
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from safetensors import SafetensorError

from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.environment import ATTEMPT
from sealife_core.runs.directory import create_run
from sealife_core.runs.files import replace_json
from sealife_core.runs.liveness import State
from sealife_core.runs.resume_check import DamagedResumePoint, damage
from sealife_core.runs.run import LAST, STATUS, Run
from sealife_core.runs.scheduling.prewarmed_worker import READY_LOG
from sealife_core.runs.scheduling.queue import DISPATCHER_LOG, launch, prewarm, request_stop, resume
from sealife_core.runs.writer import RunWriter
from sealife_core.worker import explain, import_training, main
from tests.runs.processes import dispatcher_pids, until


def carry_out(run: Run) -> int:
    return subprocess.run([sys.executable, "-m", "sealife_core.worker", str(run.path)], timeout=300).returncode


def test_worker__fails_with_a_sentence_before_training_when_imagenet_weights_are_missing(
    tiny_reef: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nobody listens there: no internet, at once
    monkeypatch.setattr(signal, "signal", lambda *args: None)  # TERM stays that of the tests
    run = create_run(preset("resnet50", "Quick look", image_size_px=32, device="cpu"), data_hash=tiny_reef.content_hash)
    assert main(run.path) == 1
    status = run.status()
    assert status["state"] == "failed"
    assert "resnet50" in status["error"]["what"]
    assert str(tmp_path / "torch") in status["error"]["what"]
    assert "file:" in status["error"]["what"]
    assert run.metrics() == []


@pytest.mark.process
def test_worker__reports_every_problem_of_a_config(home: Path) -> None:
    run = create_run(preset("scratch", "Quick look"))
    values = json.loads((run.path / "config.json").read_text()) | {"epochs": 0, "lern_rate": 1}
    (run.path / "config.json").write_text(json.dumps(values))
    assert carry_out(run) == 1
    what = run.status()["error"]["what"]
    assert "'epochs' is 0" in what
    assert "lern_rate" in what


def test_worker__whose_run_was_taken_up_elsewhere_leaves_the_resume_point_of_the_other(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *args: None)  # TERM stays that of the tests
    monkeypatch.setenv(ATTEMPT.name, "1")
    run = create_run(preset("scratch", "Quick look"))
    replace_json(run.path / STATUS, run.status() | {"attempt": 1})
    point = run.path / LAST
    point.write_bytes(b"of the first")

    def taken_up(config: object, writer: RunWriter) -> bool:
        replace_json(run.path / STATUS, run.status() | {"attempt": 2})
        point.write_bytes(b"of the second")
        return True

    assert main(run.path, lambda: taken_up) == 0
    assert point.read_bytes() == b"of the second"


def test_import_training__collects_garbage_again_afterwards() -> None:
    import_training()
    assert gc.isenabled()


@pytest.mark.process
def test_ready__a_real_spare_trains_each_run_as_a_process_of_its_own_would(
    tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEALIFE_READY_MINUTES", "5")
    small = {"image_size_px": 32, "batch_size": 16, "device": "cpu", "precision": "fp32", "threads": 1}
    endless, short, alone = (
        create_run(preset("simclr", "Quick look", **small, epochs=epochs), data_hash=tiny_reef.content_hash)
        for epochs in (1000, 1, 1)
    )
    root = endless.root
    prewarm(root)
    try:
        for run in (endless, short):
            launch(run)
        until(endless.metrics)
        request_stop(endless)
        until(lambda: "exit_code" in (short.process() or {}), 60)
        assert endless.state() is State.STOPPED
        assert any("encoder starts from random weights" in line for line in endless.log_tail())
        assert (short.process() or {})["exit_code"] == 0
        (spare,) = re.findall(r"pre-warmed worker: started, pid (\d+)", (root / DISPATCHER_LOG).read_text())
        assert (root / READY_LOG).read_text() == f"ready, pid {spare}\n"
    finally:
        request_stop(endless)
        for pid in dispatcher_pids(root):  # its spare goes with it
            os.kill(pid, signal.SIGKILL)
    monkeypatch.setattr(signal, "signal", lambda *args: None)  # TERM stays that of the tests
    assert main(alone.path) == 0
    assert losses(short) == losses(alone) != []


def losses(run: Run) -> list[float]:
    return [row["train/loss"] for row in run.metrics() if "train/loss" in row]


def test_worker__whose_resume_point_is_damaged_in_its_middle_leaves_a_way_on(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only reading all of it shows the damage: from then on a page, which reads none of it, knows it too."""
    monkeypatch.setattr("sealife_core.runs.scheduling.queue._spawn_dispatcher", lambda root: None)
    monkeypatch.setattr(signal, "signal", lambda *args: None)  # TERM stays that of the tests
    run = create_run(preset("scratch", "Quick look"))
    with zipfile.ZipFile(run.path / "last.ckpt", "w") as point:
        point.writestr("data", b"0" * 1000)
    content = (run.path / "last.ckpt").read_bytes()
    (run.path / "last.ckpt").write_bytes(content.replace(b"0" * 8, b"1" * 8, 1))
    assert damage(run) == ""

    def reads_all(config: object, writer: RunWriter) -> bool:
        raise DamagedResumePoint(damage(writer.run, thorough=True))

    assert main(run.path, lambda: reads_all) == 1
    assert (run.error() or {})["what"] == damage(run)
    assert "its part 'data' was changed" in damage(run)
    resume(run, anew=True)
    assert damage(run) == ""


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (MemoryError(), "half the batch size"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "half the batch size"),
        (OSError(28, "No space left on device"), "Delete runs"),
        (KeyboardInterrupt(), "Resume"),
        (ValueError("odd\nmore"), "traceback"),
        (EOFError(), "start the run from the beginning"),
        (SafetensorError("Error while deserializing header"), "start the run from the beginning"),
        (SafetensorError("I/O error: No space left on device (os error 28)"), "Delete runs"),
        (RuntimeError("PytorchStreamReader failed reading zip archive"), "Restore it"),
        (DamagedResumePoint("The resume point is damaged."), "Start the run from the beginning"),
    ],
)
def test_explain__names_the_next_step(error: BaseException, word: str) -> None:
    told = explain(error)
    assert word in told["next"]
    assert "\n" not in told["what"]
