"""A study spread over two machines of a real Ray cluster, one of which is killed in the middle."""

import os
import re
from itertools import pairwise
from pathlib import Path

import pytest

from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.cluster.ray_http import ClusterError
from sealife_core.runs.cluster.ray_jobs import RayCluster
from sealife_core.runs.directory import create_run, parts_of
from sealife_core.runs.liveness import State
from sealife_core.runs.run import LAST, MODEL, Run
from sealife_core.runs.scheduling.queue import launch, request_stop, resume
from sealife_core.studies.grid import build_grid
from tests.cluster.conftest import PATIENCE_S, TwoMachines
from tests.finished.files import files_of
from tests.runs.processes import until

EPOCHS, FEW = 16, 8  # two runs that must both be at work at some time, which Ray begins seconds apart; and one alone


def settings(cluster: TwoMachines) -> dict[str, object]:
    return {
        "where": f"ray:{cluster.address}", "cluster_cores": 1, "data": "reef", "image_size_px": 32, "batch_size": 16,
        "epochs": EPOCHS, "precision": "fp32", "monitor_every": 0,
    }  # fmt: skip


def test_study__survives_the_loss_of_a_machine(cluster: TwoMachines, tiny_reef: Dataset, home: Path):
    values = {name: value for name, value in settings(cluster).items() if name != "data"}
    grid = build_grid("simclr", {"temperature": [0.1, 0.2]}, data="reef", values=values, preset_size="Quick look")
    study = create_run(grid)
    launch(study)

    def spread() -> tuple[Run, Run] | None:
        """(a run of the head, a run of the other machine), both with something saved."""
        saved = [run for run in parts_of(study) if (run.path / LAST).exists() and run.state() is State.RUNNING]
        of_head = [run for run in saved if cluster.head.carries_out(run.path)]
        of_other = [run for run in saved if cluster.other.carries_out(run.path)]
        return (of_head[0], of_other[0]) if of_head and of_other else None

    spared, struck = until(spread, PATIENCE_S)
    told = struck.metrics()
    cluster.other.kill()
    until(lambda: struck.attempt() == 2, PATIENCE_S)  # interrupted, and taken up by the study at its next look
    dispatcher_log = (study.root / ".dispatcher.log").read_text()
    assert re.search(f"{struck.id}: ended in the cluster, its machine .* left the cluster", dispatcher_log)
    assert spared.state() in (State.RUNNING, State.FINISHED)
    until(lambda: study.state() is State.FINISHED, 3 * PATIENCE_S)

    runs = parts_of(study)
    assert [run.state() for run in runs] == [State.FINISHED] * 2
    assert all((run.path / MODEL).exists() for run in runs)
    assert study.status()["warnings"] == []
    assert {run.attempt() for run in runs if run != struck} == {1}
    assert (struck.process() or {})["cluster"] == cluster.address
    assert (struck.status()["epoch"], struck.status()["epochs"]) == (EPOCHS, EPOCHS)
    steps = [row["step"] for row in struck.metrics() if "train/loss" in row]
    assert steps[-1] == [row["step"] for row in spared.metrics() if "train/loss" in row][-1]
    assert all(a < b for a, b in pairwise(steps))
    assert len(struck.metrics()) >= len(told)
    assert any("resumed_from" in line for line in (struck.path / "metrics.jsonl").read_text().splitlines())


def test_run__stops_when_asked_and_goes_on_when_asked(cluster: TwoMachines, tiny_reef: Dataset, home: Path):
    run = create_run(preset("simclr", "Quick look", **(settings(cluster) | {"epochs": FEW})))
    launch(run)
    until(lambda: cluster.head.carries_out(run.path) != cluster.other.carries_out(run.path), PATIENCE_S)
    until(lambda: (run.path / LAST).exists(), PATIENCE_S)
    request_stop(run)
    until(lambda: run.state() is State.STOPPED, PATIENCE_S)
    assert (run.path / MODEL).exists()
    assert run.status()["epoch"] < FEW
    until(lambda: "exit_code" in (run.process() or {}), PATIENCE_S)
    resume(run)
    until(lambda: run.state() is State.FINISHED, PATIENCE_S)
    assert run.status()["epoch"] == FEW
    assert run.environment()["device"] == "cpu"
    until(lambda: not (run.path / LAST).exists(), PATIENCE_S)  # deleted after the last word: no file may vanish below
    token = os.environ["RAY_AUTH_TOKEN"].encode()
    assert not any(token in file.read_bytes() for file in files_of(run))


def test_cluster__without_its_token_refuses_in_a_sentence(cluster: TwoMachines, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RAY_AUTH_TOKEN", "wrong")
    with pytest.raises(ClusterError, match=f"The Ray cluster at {cluster.address} refused: "):
        RayCluster(cluster.address).nodes()
