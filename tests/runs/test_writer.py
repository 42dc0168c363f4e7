import json
import math
import os
import time
from pathlib import Path

import numpy as np
import pytest

from sealife_core.config import preset
from sealife_core.environment import ATTEMPT
from sealife_core.runs import writer
from sealife_core.runs.directory import create_run
from sealife_core.runs.files import replace_json
from sealife_core.runs.liveness import State
from sealife_core.runs.run import STATUS, Run
from sealife_core.runs.writer import RunWriter


@pytest.fixture
def run(root: Path) -> Run:
    return create_run(preset("simclr"), root=root)


def test_status__merges_and_adds_times(run: Run):
    before = time.time()
    worker = RunWriter(run)
    worker.status(state="running", stage="training", steps=10)
    worker.status(state="finished", message="done")
    status = run.status()
    assert (status["state"], status["stage"], status["steps"], status["message"]) == (
        "finished",
        "training",
        10,
        "done",
    )
    assert before <= status["started"] <= status["ended"] <= status["heartbeat"]
    assert run.state() is State.FINISHED


def test_status__keeps_what_the_queue_wrote(run: Run):
    values = run.status() | {"attempt": 3, "queued": 1.5}
    (run.path / "status.json").write_text(json.dumps(values))
    RunWriter(run).status(state="running")
    assert (run.status()["attempt"], run.status()["queued"]) == (3, 1.5)


def test_status__writes_progress_seldom_and_news_at_once(run: Run, monkeypatch: pytest.MonkeyPatch):
    written = []
    monkeypatch.setattr(writer, "replace_json", lambda path, value: written.append(dict(value)))
    worker = RunWriter(run)
    worker.status(state="running", stage="training")
    for step in range(100):
        worker.status(step=step, stage="training")
    assert len(written) == 1
    worker.status(message="epoch 2")
    assert [w.get("step") for w in written] == [None, 99]
    monkeypatch.setattr(writer, "PROGRESS_EVERY_S", 0.0)
    worker.status(step=100)
    assert written[-1]["step"] == 100


def test_metric__writes_numbers_of_any_kind_and_null_for_none(run: Run):
    RunWriter(run).metric(1, 0.5, **{"train/loss": np.float32(0.25), "val/loss": math.nan})  # type: ignore[arg-type]
    (row,) = run.metrics()
    assert (row["step"], row["epoch"], row["train/loss"], row["val/loss"]) == (1, 0.5, 0.25, None)
    assert abs(row["time"] - time.time()) < 60


def test_environment_and_results__merge(run: Run):
    worker = RunWriter(run)
    worker.environment(device="cpu", versions={"torch": "2"})
    worker.environment(threads=2)
    worker.results(val={"n": np.int64(3)})
    worker.results(test={"accuracy": math.nan})
    assert run.environment() == {"device": "cpu", "versions": {"torch": "2"}, "threads": 2}
    assert run.results() == {"val": {"n": 3}, "test": {"accuracy": None}}


def test_warn__says_a_sentence_once(run: Run):
    worker = RunWriter(run)
    worker.warn("Batch reduced to 32.")
    worker.warn("Batch reduced to 32.")
    worker.warn("Features collapse.")
    assert run.status()["warnings"] == ["Batch reduced to 32.", "Features collapse."]


def test_stop_requested__looks_for_the_file(run: Run):
    worker = RunWriter(run)
    assert not worker.stop_requested()
    (run.path / "stop").touch()
    assert worker.stop_requested()


def test_status__of_a_run_that_was_taken_up_elsewhere_is_written_no_more(run: Run, monkeypatch: pytest.MonkeyPatch):
    replace_json(run.path / STATUS, run.status() | {"attempt": 1})
    monkeypatch.setenv(ATTEMPT.name, "1")
    worker = RunWriter(run)
    worker.status(state="running")
    replace_json(run.path / STATUS, run.status() | {"attempt": 2, "state": "queued"})
    with pytest.raises(writer.Superseded):
        worker.status(state="stopped")
    assert run.status()["state"] == "queued"


def test_drop_checkpoints__takes_what_a_killed_worker_was_writing_along(run: Run):
    leftover = run.path / ".embeddings.npy.123.tmp"
    leftover.write_bytes(b"half")
    os.utime(leftover, (0, 0))
    RunWriter(run).drop_checkpoints()
    assert not leftover.exists()


def test_status__another_stage_forgets_the_images_of_the_last_one(run: Run, monkeypatch: pytest.MonkeyPatch):
    clock = iter(range(100, 200))
    monkeypatch.setattr(writer.time, "time", lambda: float(next(clock)))
    worker = RunWriter(run)
    worker.status(stage="decoding images", done=1, total=9)
    began = run.status()["stage_began"]
    worker.status(stage="decoding images", done=9, total=9)
    found = run.status()
    assert (found["done"], found["total"], found["stage_began"]) == (9, 9, began)
    worker.status(stage="embedding", done=2, total=9)
    assert (run.status()["done"], run.status()["total"]) == (2, 9)
    assert run.status()["stage_began"] > began
    worker.status(stage="training", message="epoch 1 of 9")
    assert (run.status()["done"], run.status()["total"]) == (None, None)
    assert run.problems() == []
