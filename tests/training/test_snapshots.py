"""What a SimCLR run keeps of its way: pictures for the film, models to look back at."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from sealife_core.config import SimclrConfig, preset
from sealife_core.datasets.corrections.editing import correct
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.pixels import cache_size_px, open_pixels
from sealife_core.evaluation.embeddings.stored_embeddings import (
    model_epochs,
    pair_epochs,
    read_embeddings,
    read_pairs,
    read_snapshots,
    snapshot_epochs,
    snapshot_folder,
)
from sealife_core.models.checkpoint import load_model
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from sealife_core.training import snapshots
from sealife_core.training.hardware import Hardware
from sealife_core.training.simclr import SimclrModule, projected_pairs
from sealife_core.training.snapshots import model_plan, snapshot_plan, snapshot_rows
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


def test_snapshot_rows__are_filled_up_where_few_are_labelled(tiny_reef: Dataset) -> None:
    train, val = tiny_reef.rows("train"), tiny_reef.rows("val")
    whole = snapshot_rows(tiny_reef, 0, 20)
    assert (len(set(whole)), bool(set(whole) & set(tiny_reef.rows("test")))) == (20, False)
    kept = [train[0], val[0]]
    ids = tiny_reef.manifest["id"]
    few = correct(tiny_reef, {image: {"label": ""} for row, image in enumerate(ids) if row not in kept})
    rows = snapshot_rows(few, 0, 20)
    assert len(set(rows)) == 20
    assert set(kept) <= set(rows)
    assert set(rows) - {val[0]} < set(few.rows("train"))
    assert set(snapshot_rows(few, 1, 20)) != set(rows)


def test_snapshots__of_a_resumed_run_keep_the_first_picture(
    trained: Trained, tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = preset("simclr", "Quick look", **(SMALL | {"batch_size": 16, "monitor_every": 0}))
    run = create_run(config, data_hash=tiny_reef.content_hash)
    (run.path / "stop").touch()
    train(config, RunWriter(run))
    assert snapshot_epochs(run.path) == (0,)
    before, pairs = read_snapshots(run.path).values[0], read_pairs(run.path).values[0]
    monkeypatch.setattr(snapshots, "snapshot_rows", lambda *_: tiny_reef.rows("train")[:5])  # another version's choice
    (run.path / "stop").unlink()
    train(config, RunWriter(run))
    assert snapshot_epochs(run.path) == snapshot_plan(config.epochs)
    np.testing.assert_array_equal(read_snapshots(run.path).values[0], before)
    np.testing.assert_array_equal(read_pairs(run.path).values[0], pairs)
    assert pair_epochs(run.path) == snapshot_plan(config.epochs)


def test_pairs__are_the_same_views_at_each_epoch(trained: Trained, tiny_reef: Dataset) -> None:
    run = trained("simclr", batch_size=16, epochs=1, monitor_every=0, keep_models=1)
    stored, config = read_pairs(run.path), run.config()
    assert isinstance(config, SimclrConfig)
    assert stored.epochs == (0, 1)
    assert stored.values.shape[1:] == (2, len(read_snapshots(run.path).ids), config.head_out)
    pixels = open_pixels(tiny_reef, cache_size_px(tiny_reef, 32))
    rows = np.array([tiny_reef.row_of(image_id) for image_id in read_snapshots(run.path).ids])
    for epoch, z in zip(stored.epochs, stored.values, strict=True):  # each by its own model, from the same views
        encoder, head, _ = load_model(run.path if epoch else snapshot_folder(run.path, 0))
        assert head is not None
        encoder.train()
        again = projected_pairs(
            SimclrModule(config, encoder, batch_size=16), pixels, rows, Hardware("cpu", "fp32"), (encoder, head)
        )
        assert encoder.training
        cosine = (again * z).sum(-1) / np.linalg.norm(again, axis=-1) / np.linalg.norm(z, axis=-1)
        assert cosine.min() > 0.9999, epoch
        np.testing.assert_allclose(again, z, rtol=0.02, atol=0.02 * np.abs(z).max())  # models in half precision
    assert np.abs(stored.values[0, 0] - stored.values[0, 1]).max() > 0.001


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
