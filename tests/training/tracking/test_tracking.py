"""The part that knows no service: who is told what, what a failure does, and what the switch comes to."""

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from sealife_core.config import SimclrConfig, preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.pixels import open_pixels
from sealife_core.evaluation.classification.predictions import read_predictions
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.tracking_links import wandb_mode
from sealife_core.runs.writer import RunWriter
from sealife_core.training.ablated_simclr import simclr_module
from sealife_core.training.tracking import base as tracking_module
from sealife_core.training.tracking.base import Tracking, tracked
from sealife_core.training.tracking.logged_media import (
    FEW_IMAGES,
    GAP_PX,
    PAIRS,
    Predictions,
    embedding_picture,
    facts,
    predictions_of,
    view_pairs,
)
from tests.finished.models import NETWORK, fresh_encoder
from tests.finished.runs import classifier_run, simclr_run


class Told:
    """A tracker that remembers; ``fails_at`` names the method that raises."""

    name, rescue = "Told", "It is all here."

    def __init__(self, fails_at: str = "") -> None:
        self.calls: list[tuple[Any, ...]] = []
        self._fails_at = fails_at

    def _call(self, name: str, *arguments: Any) -> None:
        self.calls.append((name, *arguments))
        if name == self._fails_at:
            raise ConnectionError("the server said: secret")

    def metrics(self, step: int, epoch: float, values: Mapping[str, float]) -> None:
        self._call("metrics", step, epoch, values)

    def picture(self, name: str, pixels: np.ndarray, says: str) -> None:
        self._call("picture", name)

    def predictions(self, found: Predictions) -> None:
        self._call("predictions", found.split)

    def results(self, values: Mapping[str, float | str]) -> None:
        self._call("results", values)

    def model(self) -> None:
        self._call("model")

    def finish(self, *, well: bool) -> None:
        self._call("finish", well)

    def leave(self) -> None:
        self._call("leave")


def made(**values: Any) -> RunWriter:
    return RunWriter(create_run(preset("simclr", "Quick look", **values)))


def warnings(run: Run) -> list[str]:
    return run.status().get("warnings") or []


@pytest.mark.parametrize("method", ["metrics", "finish"])
def test_tracking__tells_one_that_fails_nothing_more_and_the_others_everything(home, method: str) -> None:
    run, failing, well = made(), Told(method), Told()
    tracking = Tracking(run.config(), run, [failing, well])
    for step in (1, 2):
        tracking.metrics(step, step / 2, {"train/loss": 1.0})
    tracking.finish(well=True)
    assert [call[0] for call in well.calls] == ["metrics", "metrics", "finish"]
    assert [call[0] for call in failing.calls][-1] == "leave"
    assert [call[0] for call in failing.calls].count(method) == 1
    (warning,) = warnings(run.run)
    assert warning == "Told no longer records this run (ConnectionError). The run itself continues. It is all here."


def test_outcome__that_cannot_be_drawn_is_told_and_the_rest_is_recorded(tiny_reef: Dataset, capsys) -> None:
    run, told = made(), Told()
    run.results(val={"n": 3})
    Tracking(run.config(), run, [told]).outcome()  # the run has no embeddings
    assert told.calls == [("results", {"val/n": 3})]
    (warning,) = warnings(run.run)
    assert warning.startswith("'embeddings/map' could not be recorded")
    assert "RunError" in capsys.readouterr().err


def test_outcome__sends_the_model_only_if_asked(tiny_reef: Dataset) -> None:
    for asked in (True, False):
        run, told = RunWriter(simclr_run(tiny_reef)), Told()
        Tracking(preset("simclr", wandb_model=asked), run, [told]).outcome()
        assert (("model",) in told.calls) is asked


@pytest.mark.parametrize(("error", "last"), [(None, ("finish", True)), (ValueError, ("finish", False)),
                                             (KeyboardInterrupt, ("leave",))])  # fmt: skip
def test_tracked__ends_as_the_run_does(home, monkeypatch, error: type[BaseException] | None, last: tuple) -> None:
    told = Told()
    monkeypatch.setattr(tracking_module, "_trackers", lambda config, run: [told])
    run = made()

    def carry_out() -> None:
        with tracked(run.config(), run):
            if error is not None:
                raise error

    if error is None:
        carry_out()
    else:
        with pytest.raises(error):
            carry_out()
    assert told.calls == [last]


def test_tracked__says_what_could_not_be_started_and_goes_on(home, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)  # as if it were not installed
    run = made(tensorboard=True)
    with tracked(run.config(), run) as tracking:
        tracking.metrics(1, 1.0, {"train/loss": 1.0})
    (warning,) = warnings(run.run)
    assert warning.startswith("TensorBoard could not be started (ModuleNotFoundError)")


@pytest.mark.parametrize(
    ("asked", "variables", "mode"),
    [
        ("environment", {}, "off"),
        ("environment", {"WANDB_MODE": "offline"}, "offline"),
        ("environment", {"WANDB_MODE": "online"}, "on"),
        ("environment", {"WANDB_SWEEP_ID": "s"}, "on"),
        ("environment", {"WANDB_SWEEP_ID": "s", "WANDB_MODE": "offline"}, "offline"),
        ("environment", {"WANDB_MODE": "odd"}, "off"),
        ("off", {"WANDB_MODE": "online"}, "off"),
        ("offline", {}, "offline"),
        ("on", {"WANDB_MODE": "offline"}, "on"),
        *(
            (asked, {"WANDB_MODE": "disabled", "WANDB_SWEEP_ID": "s"}, "off")
            for asked in ("environment", "offline", "on")
        ),
    ],
)
def test_wandb_mode(asked: str, variables: dict[str, str], mode: str) -> None:
    assert wandb_mode(asked, variables) == mode


@pytest.mark.parametrize("broken", ["", "identical-views"])
def test_view_pairs__are_of_training_images_as_the_run_draws_them_and_the_same_again(
    tiny_reef: Dataset, broken: str
) -> None:
    config = preset("simclr", "Quick look").model_copy(update={"broken": broken})
    assert isinstance(config, SimclrConfig)
    module = simclr_module(config)(config, fresh_encoder(NETWORK), batch_size=8)
    pixels = open_pixels(tiny_reef, 64)
    looked_at: list[int] = []

    class Watched:
        def gather(self, rows: np.ndarray) -> Any:
            looked_at.extend(rows.tolist())
            return pixels.gather(rows)

    first, second = (view_pairs(module, tiny_reef, Watched()) for _ in range(2))  # type: ignore[arg-type]
    np.testing.assert_array_equal(first[0], second[0])
    assert set(looked_at) <= set(tiny_reef.rows("train").tolist())
    assert first[0].dtype == np.uint8
    unit = (first[0].shape[0] - GAP_PX) // (PAIRS // 4)
    one, other = (first[0][GAP_PX:unit, GAP_PX + place * unit : (place + 1) * unit] for place in (1, 2))
    assert np.array_equal(one, other) == (broken == "identical-views")


def test_embedding_picture__of_many_is_umap_and_of_few_pca(tiny_reef: Dataset, monkeypatch) -> None:
    run = simclr_run(tiny_reef)
    assert len(tiny_reef) < FEW_IMAGES
    assert "PCA" in embedding_picture(run.path, tiny_reef, seed=0)[1]
    asked: list[int] = []
    monkeypatch.setattr("sealife_core.training.tracking.logged_media.FEW_IMAGES", 10)
    monkeypatch.setattr("sealife_core.training.tracking.logged_media.MAP_IMAGES", 40)
    monkeypatch.setattr(
        "sealife_core.training.tracking.logged_media.fit_umap", lambda h, settings: asked.append(len(h)) or h[:, :2]
    )
    pixels, says = embedding_picture(run.path, tiny_reef, seed=0)
    assert asked == [40]
    assert says == "Encoder output h of 40 of 64 images (UMAP, cosine)"
    assert pixels.shape[2] == 3


def test_predictions__shown_are_a_bounded_sample_of_the_test_split(tiny_reef: Dataset, monkeypatch) -> None:
    monkeypatch.setattr("sealife_core.training.tracking.logged_media.SHOWN_PREDICTIONS", 3)
    run = classifier_run(tiny_reef)
    found = predictions_of(run.path, tiny_reef, seed=0)
    assert found is not None
    assert (found.split, len(found.shown), len(found.pictures)) == ("test", 3, 3)
    assert len(found.table) == (read_predictions(run.path)["split"] == "test").sum()
    assert predictions_of(simclr_run(tiny_reef).path, tiny_reef, seed=0) is None


def test_facts__are_numbers_and_words_without_lists() -> None:
    results = {"method": "SimCLR", "val": {"n": 3, "confusion": [[1]], "deep": {"x": 0.5}}, "best_epoch": None}
    assert facts(results) == {"method": "SimCLR", "val/n": 3, "val/deep/x": 0.5}
