"""What a SimCLR run keeps of its way: pictures for the film, models to look back at."""

from collections.abc import Callable

import numpy as np
import torch

from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.embeddings.stored_embeddings import (
    model_epochs,
    read_embeddings,
    read_snapshots,
    snapshot_epochs,
    snapshot_folder,
)
from sealife_core.models.checkpoint import load_model
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from sealife_core.training.snapshots import model_plan, snapshot_plan
from sealife_core.training.train import train
from tests.training.conftest import SMALL

Trained = Callable[..., Run]


def test_snapshots__show_the_same_images_from_before_training_to_its_end(trained: Trained, tiny_reef: Dataset) -> None:
    run = trained("simclr", batch_size=16, epochs=3, monitor_every=0)
    film = read_snapshots(run.path)
    assert film.epochs == (0, 1, 2, 3)
    rows = {tiny_reef.row_of(image_id) for image_id in film.ids}
    assert rows
    assert not rows & set(tiny_reef.rows("test").tolist())
    last = read_embeddings(run.path).values[sorted(rows)]
    np.testing.assert_allclose(film.values[-1], last, rtol=2e-3, atol=2e-3)  # kept in half precision
    assert np.abs(film.values[0] - film.values[-1]).max() > 0.01


def test_snapshots__of_a_resumed_run_keep_the_first_picture(trained: Trained, tiny_reef: Dataset) -> None:
    config = preset("simclr", "Quick look", **(SMALL | {"batch_size": 16, "monitor_every": 0}))
    run = create_run(config, data_hash=tiny_reef.content_hash)
    (run.path / "stop").touch()
    train(config, RunWriter(run))
    assert snapshot_epochs(run.path) == (0,)
    before = read_snapshots(run.path).values[0]
    (run.path / "stop").unlink()
    train(config, RunWriter(run))
    assert snapshot_epochs(run.path) == snapshot_plan(config.epochs)
    np.testing.assert_array_equal(read_snapshots(run.path).values[0], before)


def test_snapshot_plan__is_about_ten_and_ends_with_the_last_epoch() -> None:
    assert snapshot_plan(50) == (0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50)
    assert snapshot_plan(3) == (0, 1, 2, 3)
    assert len(snapshot_plan(73)) == 11
    assert snapshot_plan(73)[-1] == 73


def test_model_plan__begins_before_training_and_is_denser_at_the_start() -> None:
    assert model_plan(snapshot_plan(50), 4) == {0, 5, 15, 30}
    assert model_plan(snapshot_plan(1), 4) == {0}
    assert model_plan(snapshot_plan(50), 0) == set()


def test_models__of_the_way_open_as_the_final_one_does(trained: Trained) -> None:
    run = trained("simclr", batch_size=16, epochs=3, monitor_every=0, keep_models=2)
    assert model_epochs(run.path) == (0, 1)
    (encoder, head, card), (last, _, _) = load_model(snapshot_folder(run.path, 0)), load_model(run.path)
    assert head is not None
    assert card.run == run.id
    assert {each.dtype for each in encoder.parameters()} == {torch.float32}
    assert not torch.allclose(next(encoder.parameters()), next(last.parameters()), atol=1e-3)
    assert sum(f.stat().st_size for f in snapshot_folder(run.path, 0).iterdir()) < 0.55 * sum(
        (run.path / name).stat().st_size for name in ("model.safetensors", "model.json")
    )
