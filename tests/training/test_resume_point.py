"""Stopped or killed anywhere and resumed, a run is the run that was left alone, step by step."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from pytorch_lightning import LightningModule, Trainer

from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.resume_check import DamagedResumePoint
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.queue import resume, write_status
from sealife_core.training import resume_point
from sealife_core.training.classifier import ClassifierModule
from sealife_core.training.resume_point import ResumePoint
from tests.training.attempts import assert_equal_runs, assert_same, attempt, begun, point, rows

pytestmark = pytest.mark.slow

# 44 training images: four steps an epoch of images; of features five, the last one smaller.
IMAGES: dict[str, Any] = {"batch_size": 10, "epochs": 2}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "simclr": ("simclr", IMAGES | {"monitor_every": 0, "warmup_epochs": 0}),
    "images": ("scratch", IMAGES | {"dropout": 0.5, "augmentation": "strong", "schedule": "onecycle"}),
    "averaged": ("scratch", IMAGES | {"ema_decay": 0.9, "schedule": "constant"}),
    "restarts": ("scratch", IMAGES | {"trained_stages": 3, "schedule": "warm_restarts", "optimiser": "sgd"}),
    "stored": ("scratch", IMAGES | {"trained_stages": 2, "stored_copies": 2, "augmentation": "strong"}),
    "adamw": ("probe", {"optimiser": "adamw", "batch_size": 10, "epochs": 2, "dropout": 0.3, "learning_rate": 0.01}),
    "sgd": ("probe", {"optimiser": "sgd", "batch_size": 10, "epochs": 2, "schedule": "cosine"}),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return CASES[request.param]


def test_stop__after_every_step_and_resumed_equals_the_run_left_alone(
    tiny_reef: Dataset, case: tuple[str, dict[str, Any]]
) -> None:
    task, values = case
    whole, run = begun(tiny_reef, task, **values), begun(tiny_reef, task, **values)
    assert attempt(whole, tiny_reef)
    steps = point(whole)["global_step"]
    assert steps >= 4

    for done in range(1, steps):
        assert attempt(run, tiny_reef, stop=lambda step, values: True) is False
        assert point(run)["global_step"] == done, "a stop ends training after its batch"
        assert rows(run) == [row for row in rows(whole) if row["step"] <= done], "and writes down what is done, no more"
    assert attempt(run, tiny_reef, stop=lambda step, values: True), "in the last batch there is nothing left to stop"
    assert_equal_runs(run, whole)


@pytest.mark.parametrize(
    ("task", "network"), [("simclr", "tf_efficientnet_lite0"), ("scratch", "vit_tiny_patch16_224")]
)
def test_stop__of_a_network_of_timm_and_resumed_equals_the_run_left_alone(
    tiny_reef: Dataset, task: str, network: str
) -> None:
    values: dict[str, Any] = {"encoder": network, "stem": "auto", "batch_size": 20, "epochs": 1}
    whole, run = begun(tiny_reef, task, **values), begun(tiny_reef, task, **values)
    assert attempt(whole, tiny_reef)
    assert attempt(run, tiny_reef, stop=lambda step, values: True) is False
    assert point(run)["global_step"] == 1
    assert attempt(run, tiny_reef)
    assert_equal_runs(run, whole)


def test_kill__after_every_step_and_resumed_equals_the_run_left_alone(
    tiny_reef: Dataset, case: tuple[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    task, values = case
    whole, run = begun(tiny_reef, task, **values), begun(tiny_reef, task, **values)
    assert attempt(whole, tiny_reef)
    steps = point(whole)["global_step"]

    monkeypatch.setattr("sealife_core.training.resume_point.RESUME_POINT_EVERY_S", 0.0)
    for done in range(2, steps + 1):
        assert attempt(run, tiny_reef, cut=lambda step, values, at=done: step == at and "train/loss" in values) is None
        assert point(run)["global_step"] == done - 1
    assert attempt(run, tiny_reef)
    assert_equal_runs(run, whole)


def test_stop__during_validation_keeps_the_whole_epoch(tiny_reef: Dataset) -> None:
    task, values = CASES["images"]
    whole, run = begun(tiny_reef, task, **values), begun(tiny_reef, task, **values)
    assert attempt(whole, tiny_reef)
    assert attempt(run, tiny_reef, stop=lambda step, values: "val/macro_f1" in values) is False
    assert point(run)["epoch"] == 1
    assert rows(run) == [row for row in rows(whole) if row["epoch"] <= 1]
    assert attempt(run, tiny_reef)
    assert_equal_runs(run, whole)


def test_stop__in_the_first_epoch_leaves_what_was_learned_and_no_best_epoch(tiny_reef: Dataset) -> None:
    run = begun(tiny_reef, "scratch", **CASES["images"][1])
    assert attempt(run, tiny_reef, stop=lambda step, values: step == 2) is False
    assert (run.results() or {})["best_epoch"] is None
    kept = torch.load(run.path / "module.pt", weights_only=True)
    assert_same(kept, point(run)["state_dict"])


# Features that overfit: the best epoch is neither the first nor the last, and patience ends the run before its epochs.
PATIENT: dict[str, Any] = {
    "optimiser": "sgd", "batch_size": 10, "epochs": 60, "patience": 4, "learning_rate": 0.3, "schedule": "constant",
}  # fmt: skip


def patience(run: Run) -> dict[str, Any]:
    (state,) = (value for key, value in point(run)["callbacks"].items() if key.startswith("EarlyStopping"))
    return state


@pytest.mark.parametrize("moment", ["val/macro_f1", "train/accuracy"], ids=["after validation", "after the epoch"])
def test_kill__at_every_epoch_keeps_best_epoch_and_patience_also_where_the_run_was_moved(
    tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    whole, run = begun(tiny_reef, "probe", **PATIENT), begun(tiny_reef, "probe", **PATIENT)
    assert attempt(whole, tiny_reef)
    epochs, best = point(whole)["epoch"], (whole.results() or {})["best_epoch"]
    assert 1 < best < epochs < PATIENT["epochs"], "patience must have something to remember"

    monkeypatch.setattr("sealife_core.training.resume_point.RESUME_POINT_EVERY_S", 0.0)
    for epoch in range(1, epochs + 1):
        end = 5 * epoch
        assert attempt(run, tiny_reef, cut=lambda step, values, at=end: step == at and moment in values) is None
        run = Run(run.path.rename(run.path.with_name(f"moved-{epoch}")))
    assert attempt(run, tiny_reef)
    assert patience(run) == patience(whole)
    assert (run.results() or {})["best_epoch"] == best
    assert_same(*(torch.load(each.path / "module.pt", weights_only=True) for each in (run, whole)))
    assert_equal_runs(run, whole)


def test_resume__of_a_run_that_patience_has_ended_trains_no_further(tiny_reef: Dataset) -> None:
    run = begun(tiny_reef, "probe", **PATIENT)
    assert attempt(run, tiny_reef, stop=lambda step, values: patience_is_about_to_end(run, step))
    ended, lines = point(run), (run.path / "metrics.jsonl").read_text()
    assert patience(run)["wait_count"] == PATIENT["patience"]
    assert attempt(run, tiny_reef), "as after a kill during the evaluation"
    assert_same(point(run), ended)
    assert (run.path / "metrics.jsonl").read_text() == lines
    kept = torch.load(run.path / "module.pt", weights_only=True)
    assert_same(dict(kept), ended["callbacks"]["BestModel"]["weights"])


def test_resume__of_a_transformer_goes_on_with_the_groups_that_its_optimiser_began_with(
    tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before timm's list was asked, the tokens and positions decayed as well."""
    run = begun(tiny_reef, "scratch", encoder="test_vit", epochs=2, batch_size=16)
    with monkeypatch.context() as earlier:
        earlier.setattr(ClassifierModule, "spares", False)
        assert attempt(run, tiny_reef, stop=lambda step, values: step == 2) is False
    held = point(run)
    del held["callbacks"]["ResumePoint"]["spares"]  # which an earlier release did not write
    torch.save(held, run.path / "last.ckpt")
    for _ in range(2):  # the second of a point that was written today
        assert attempt(run, tiny_reef)
        groups = [
            [len(group["params"]) for group in of["optimizer_states"][0]["param_groups"]] for of in (held, point(run))
        ]
        assert groups[0] == groups[1]


def patience_is_about_to_end(run: Run, step: int) -> bool:
    """Whether the epoch that ``step`` ends is the last one that patience allows."""
    scores = [row["val/macro_f1"] for row in run.metrics() if "val/macro_f1" in row]
    best = scores.index(max(scores)) if scores else 0
    return step == 5 * (best + 1 + PATIENT["patience"])


def test_train_s__is_that_of_all_attempts_up_to_what_they_had_saved(
    tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that goes on by a second with every row, and by an hour between attempts."""
    clock = [0.0]
    monkeypatch.setattr(resume_point, "time", SimpleNamespace(perf_counter=lambda: clock[0], monotonic=time.monotonic))
    run = begun(tiny_reef, "simclr", **CASES["simclr"][1])

    def tick(at: int) -> Any:
        def told(step: int, values: dict[str, float | None]) -> bool:
            clock[0] += 1
            return step == at

        return told

    assert attempt(run, tiny_reef, stop=tick(2)) is False
    assert point(run)["callbacks"]["ResumePoint"]["train_s"] == 2
    clock[0] += 3600
    assert attempt(run, tiny_reef, cut=tick(5)) is None, "steps 3 to 5, of which nothing was saved"
    clock[0] += 3600
    assert attempt(run, tiny_reef, stop=tick(0)), "steps 3 to 8"
    assert (run.results() or {})["train_s"] == 2 + 6


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda content: b"", "it is empty"),
        (lambda content: content[: len(content) // 2], "it is incomplete"),
        (lambda content: content.replace(b"\x00" * 64, b"\x01" * 64, 1), "was changed after it was written"),
    ],
    ids=["empty", "half", "one part changed"],
)
def test_resume__from_a_damaged_point_says_so_and_a_new_beginning_is_one(
    tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch, harm: Callable[[bytes], bytes], words: str
) -> None:
    monkeypatch.setattr("sealife_core.runs.scheduling.queue._spawn_dispatcher", lambda root: None)
    run, whole = (begun(tiny_reef, "scratch", **CASES["images"][1]) for _ in range(2))
    assert attempt(whole, tiny_reef)
    assert attempt(run, tiny_reef, stop=lambda step, values: step == 6) is False
    last = run.path / "last.ckpt"
    last.write_bytes(harm(last.read_bytes()))
    with pytest.raises(
        DamagedResumePoint, match=rf"resume point of run '{run.id}' \(last.ckpt\) is damaged: .*{words}"
    ):
        attempt(run, tiny_reef)
    write_status(run, state="stopped")
    resume(run, anew=True)
    assert attempt(run, tiny_reef)
    assert_equal_runs(run, whole)


def test_save__that_fails_leaves_the_point_before_it(tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begun(tiny_reef, "scratch", **CASES["images"][1])
    assert attempt(run, tiny_reef, stop=lambda step, values: step == 2) is False
    before, there = (run.path / "last.ckpt").read_bytes(), sorted(run.path.iterdir())

    def full(checkpoint: object, file: Any) -> None:
        file.write(before[:1000])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space left"):
        attempt(run, tiny_reef, stop=lambda step, values: step == 3)
    assert (run.path / "last.ckpt").read_bytes() == before
    assert set(run.path.iterdir()) - set(there) <= {run.path / "stop"}


class AsBefore(ResumePoint):
    """Writes what the resume points of earlier versions held, at the end of an epoch, before its best was known."""

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        states = checkpoint["callbacks"]
        states["ResumePoint"] = {"cpu": states.pop("AsBefore")["cpu"]}
        best = states.pop("BestModel")
        states["ModelCheckpoint{'monitor': 'val/macro_f1'}"] = {
            "best_model_path": "/moved/since/best.ckpt",
            "best_model_score": torch.tensor(0.0),
        }
        torch.save({"epoch": best["epoch"] - 1, "state_dict": best["weights"]}, self._run.path / "best.ckpt")

    def on_train_batch_start(self, *args: Any) -> None:
        pass

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._save(trainer, pl_module, batches=0)


@pytest.mark.parametrize("best_is", ["there", "gone"])
def test_resume__from_a_point_of_an_earlier_version_finds_the_best_epoch_beside_it(
    tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch, best_is: str
) -> None:
    values = PATIENT | {"patience": 0, "epochs": 12}
    whole, run = begun(tiny_reef, "probe", **values), begun(tiny_reef, "probe", **values)
    assert attempt(whole, tiny_reef)
    best = (whole.results() or {})["best_epoch"]
    assert 1 < best < 12

    with monkeypatch.context() as patch:
        patch.setattr("sealife_core.training.trainer.ResumePoint", AsBefore)
        assert attempt(run, tiny_reef, cut=lambda step, values: step == 5 * best + 1) is None
    if best_is == "gone":
        (run.path / "best.ckpt").unlink()
    assert attempt(run, tiny_reef)
    assert rows(run) == rows(whole)
    warned = [
        sentence for sentence in run.status().get("warnings", []) if "best.ckpt is missing or damaged" in sentence
    ]
    assert bool(warned) == (best_is == "gone")
    found = (run.results() or {})["best_epoch"]
    assert found == best if best_is == "there" else found > best
