"""How many threads train, by how many cores others use."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import torch

from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.directory import create_run
from sealife_core.runs.writer import RunWriter
from sealife_core.training import adaptive_threads
from sealife_core.training.adaptive_threads import AdaptiveThreads, Used, threads_for, used
from sealife_core.training.hardware import Hardware
from sealife_core.training.trainer import build_trainer

NOBODY: Any = SimpleNamespace()


@pytest.mark.parametrize(("cores", "others", "most", "wanted"), [
    (2, 0.0, 2, 2), (2, 0.3, 2, 2), (2, 0.5, 2, 1), (2, 1.0, 2, 1), (2, 2.0, 2, 1), (2, 9.0, 2, 1),
    (16, 0.0, 8, 8), (16, 8.3, 8, 8), (16, 9.0, 8, 7), (16, 3.0, 1, 1),
])  # fmt: skip
def test_threads_for__leaves_others_their_cores(cores: int, others: float, most: int, wanted: int) -> None:
    assert threads_for(cores, others, most) == wanted


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def room(monkeypatch: pytest.MonkeyPatch, loads: list[float]) -> Iterator[int]:
    """PyTorch's threads after each look, on two cores of which others use ``loads``; this process uses one."""
    state = {"clock": 0.0, "anybody": 0.0}
    monkeypatch.setattr(adaptive_threads, "time", SimpleNamespace(monotonic=lambda: state["clock"]))
    watched = AdaptiveThreads(lambda: Used(state["clock"], state["anybody"], state["clock"]), cores=2)
    watched.on_train_start(NOBODY, NOBODY)
    for load in loads:
        state["clock"] += adaptive_threads.LOOK_EVERY_S
        state["anybody"] += adaptive_threads.LOOK_EVERY_S * (1 + load)
        watched.on_train_batch_end(NOBODY, NOBODY, None, None, 0)
        yield torch.get_num_threads()
    watched.on_train_end(NOBODY, NOBODY)
    yield torch.get_num_threads()


def test_run__gives_way_when_others_stay_and_takes_back_when_they_go(
    monkeypatch: pytest.MonkeyPatch, two_threads: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert list(room(monkeypatch, [0.1, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0])) == [2, 2, 1, 1, 1, 2, 2, 2]
    assert capsys.readouterr().out.splitlines() == [
        "Other programs use 1.0 of 2 cores: training continues with 1 of 2 threads.",
        "Other programs use 0.0 of 2 cores: training continues with 2 of 2 threads.",
    ]


def test_run__does_not_mind_what_passes(monkeypatch: pytest.MonkeyPatch, two_threads: None) -> None:
    assert set(room(monkeypatch, [1.0, 0.0, 1.0, 0.0])) == {2}


def test_run__has_all_its_threads_again_at_the_end(monkeypatch: pytest.MonkeyPatch, two_threads: None) -> None:
    assert list(room(monkeypatch, [2.0, 2.0])) == [2, 1, 2]


def test_run__of_a_given_number_of_threads_keeps_to_it(tiny_reef: Dataset, two_threads: None) -> None:
    def callbacks(**settings: Any) -> list[Any]:
        config = preset("simclr", device="cpu", **settings)
        run = RunWriter(create_run(config))
        trainer = build_trainer(config, run, Hardware("cpu", "fp32", config.devices), [], steps_per_epoch=2)
        return [c for c in trainer.callbacks if isinstance(c, AdaptiveThreads)]  # type: ignore[attr-defined]

    assert len(callbacks()) == 1
    assert callbacks(threads=1) == []
    assert torch.get_num_threads() == 1


def test_used__counts_this_process_among_all() -> None:
    before = used()
    while (now := used()).this_s - before.this_s < 0.3:
        sum(range(10_000))
    assert now.anybody_s - before.anybody_s >= 0.2, "the machine's own count is coarser"


def test_used__is_what_the_machine_and_this_process_say(monkeypatch: pytest.MonkeyPatch) -> None:
    of_machine = SimpleNamespace(user=10.0, nice=2.0, system=3.0, idle=50.0, guest=4.0)
    monkeypatch.setattr(psutil, "cpu_times", lambda: of_machine)
    monkeypatch.setattr(adaptive_threads.os, "times", lambda: SimpleNamespace(user=1.5, system=0.5, elapsed=9.0))
    monkeypatch.setattr(adaptive_threads.time, "monotonic", lambda: 7.0)
    assert used() == Used(clock_s=7.0, anybody_s=15.0, this_s=2.0)
