"""Training behind the frozen stages: what is stored, that it is the same training, and that damage is mended."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from sealife_core.config import FineTuneConfig, preset
from sealife_core.datasets.batches import ImageBatches
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.pixels import open_pixels
from sealife_core.evaluation.embeddings import array_store, feature_store
from sealife_core.evaluation.embeddings.array_store import ABOUT, ROWS
from sealife_core.evaluation.embeddings.feature_store import activation_store
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.encoders import Encoder
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from sealife_core.training.feature_extraction import stoppable
from sealife_core.training.fine_tuning.activation_batches import ActivationBatches, CopyOrder, restored
from sealife_core.training.fine_tuning.activations import (
    copies_that_fit,
    goes_on_from,
    open_activations,
    stored,
)
from sealife_core.training.hardware import Hardware
from sealife_core.training.resume_point import Stopped
from tests.training.shares import Small

CPU = Hardware("cpu", "fp32")
Trained = Callable[..., Run]


def asked(**values: Any) -> FineTuneConfig:
    config = preset("finetune", "Quick look", image_size_px=32, trained_stages=2, stored_copies=2, **values)
    assert isinstance(config, FineTuneConfig)
    return config


@pytest.fixture
def batches(tiny_reef: Dataset) -> ImageBatches:
    rows = tiny_reef.rows("train")
    return ImageBatches(
        tiny_reef, open_pixels(tiny_reef, 64), train_rows=rows, val_rows=tiny_reef.rows("val"), batch_size=16, seed=0
    )


@pytest.fixture
def encoder() -> Encoder:
    torch.manual_seed(0)
    return Small().train_stages(2)


def files(dataset: Dataset) -> dict[str, int]:
    return {p.parent.name: p.stat().st_mtime_ns for p in activation_store(dataset.folder).folder.glob(f"*/{ROWS}")}


@pytest.mark.parametrize("name", ["tf_efficientnet_lite0", "resnet18", "vit_small_patch14_dinov2"])
@pytest.mark.parametrize("stage", ["layer1", "layer3"])
def test_after__goes_on_where_until_ended(name: str, stage: str) -> None:
    torch.manual_seed(0)
    encoder, images = build_encoder(name).eval(), torch.randn(2, 3, 56, 56)
    with torch.no_grad():
        given = encoder.until(stage, images)
        assert torch.equal(encoder.after(stage, given), encoder(images))
        held = restored(torch.from_numpy(stored(given)))
        torch.testing.assert_close(held, given, rtol=1e-3, atol=1e-3)


def test_after__gives_the_trained_stages_the_gradients_of_the_whole(encoder: Encoder) -> None:
    images, found = torch.randn(4, 3, 32, 32), []
    ways: list[Callable[[], Tensor]] = [
        lambda: encoder(images),
        lambda: encoder.after("layer2", encoder.until("layer2", images)),
    ]
    for way in ways:
        encoder.zero_grad()
        torch.manual_seed(0)  # paths are dropped at random
        way().square().sum().backward()
        found.append([p.grad for p in encoder.parameters()])
    assert any(gradient is None for gradient in found[0])
    for ours, theirs in zip(*found, strict=True):
        assert (ours is None) == (theirs is None)
        assert ours is None or theirs is None or torch.equal(ours, theirs)


def test_goes_on_from__tells_a_network_that_looks_back(encoder: Encoder) -> None:
    views = torch.randn(2, 3, 32, 32)
    given = encoder.until("layer2", views)
    assert goes_on_from("layer2", encoder, views, given, CPU)
    assert not goes_on_from("layer2", encoder, views, given + 1, CPU)
    assert not goes_on_from("layer2", encoder, views, given[:, :3], CPU)


def test_batches__hold_what_the_frozen_stages_make_of_each_image_copy_after_copy(
    tiny_reef: Dataset, batches: ImageBatches, encoder: Encoder
) -> None:
    config = asked(augmentation="none")
    held = ActivationBatches(batches, open_activations(config, tiny_reef, batches, encoder, CPU, 1))
    (expected,), (found,) = list(batches.val_dataloader()), list(held.val_dataloader())
    from sealife_core.training.inputs import network_inputs
    from sealife_core.views.sampling import centre_view

    views = network_inputs(expected["images"], centre_view(expected["aspects"]), config)
    with torch.no_grad():
        given = encoder.eval().until("layer2", views)
    torch.testing.assert_close(restored(found["activations"]), given, rtol=2e-3, atol=2e-3)
    assert torch.equal(found["labels"], expected["labels"])
    for ours, theirs in zip(held.train_dataloader(), batches.train_dataloader(), strict=True):
        assert torch.equal(ours["labels"], theirs["labels"]), "the order of an epoch is that of images"


def test_copies__come_in_turn(tiny_reef: Dataset, batches: ImageBatches, encoder: Encoder) -> None:
    held = ActivationBatches(batches, open_activations(asked(), tiny_reef, batches, encoder, CPU, 2))
    n, seen = len(batches.train_rows), []
    for epoch in range(3):
        order = held.train_dataloader().sampler
        assert isinstance(order, CopyOrder)
        order.set_epoch(epoch)
        seen.append(sorted(order, key=lambda position: position % n))
    assert [position % n for position in seen[0]] == list(range(n))
    assert all(a != b for a, b in zip(seen[0], seen[1], strict=True))
    assert seen[0] == seen[2]
    values = open_activations(asked(), tiny_reef, batches, encoder, CPU, 2).array[len(batches.val_rows) :]
    assert not np.array_equal(values[:n], values[n:]), "copies are varied"


def test_open__makes_a_file_once_and_again_where_it_is_damaged_or_of_another_encoder(
    tiny_reef: Dataset, batches: ImageBatches, encoder: Encoder
) -> None:
    first = np.array(open_activations(asked(), tiny_reef, batches, encoder, CPU, 2).array)
    before = files(tiny_reef)
    open_activations(asked(), tiny_reef, batches, encoder, CPU, 2)
    assert files(tiny_reef) == before

    (path,) = activation_store(tiny_reef.folder).folder.glob(f"*/{ROWS}")
    about = path.with_name(ABOUT)
    for damage in (
        lambda: path.write_bytes(path.read_bytes()[:-100]),
        lambda: path.write_bytes(b"\x93NUMPY no"),
        path.unlink,
        lambda: about.write_text('{"half'),
        about.unlink,
    ):
        damage()
        again = open_activations(asked(), tiny_reef, batches, encoder, CPU, 2).array
        np.testing.assert_array_equal(again, first)

    with torch.no_grad():
        next(encoder.parameters()).add_(1)  # a frozen one
    other = open_activations(asked(), tiny_reef, batches, encoder, CPU, 2).array
    assert len(files(tiny_reef)) == 2
    assert not np.array_equal(other, first)


def test_open__makes_room_by_removing_the_oldest(
    tiny_reef: Dataset, batches: ImageBatches, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = open_activations(asked(), tiny_reef, batches, encoder, CPU, 1).array
    size, before = held.nbytes, np.array(held)
    monkeypatch.setattr(feature_store, "MOST_ACTIVATION_BYTES", 2 * size + 5000)
    names = [set(files(tiny_reef))]
    for seed in (1, 2):
        open_activations(asked(seed=seed), tiny_reef, batches, encoder, CPU, 1)
        names.append(set(files(tiny_reef)))
    assert [len(of) for of in names] == [1, 2, 2]
    assert not names[0] & names[2]
    np.testing.assert_array_equal(held, before)  # whoever has the removed one open can go on


def test_open__of_a_run_that_is_stopped_meanwhile_ends_at_once_and_leaves_nothing(
    tiny_reef: Dataset, batches: ImageBatches, encoder: Encoder
) -> None:
    run = create_run(asked(), data_hash=tiny_reef.content_hash)
    told: list[int] = []

    def tell(_: str, done: int, total: int) -> None:
        told.append(done)
        (run.path / "stop").touch()

    with pytest.raises(Stopped):
        open_activations(asked(), tiny_reef, batches, encoder, CPU, 2, stoppable(RunWriter(run), tell))
    validated = len(batches.val_rows)
    assert told == [validated], "and none of the copies"
    assert files(tiny_reef) == {}
    array = open_activations(asked(), tiny_reef, batches, encoder, CPU, 2).array
    assert len(array) == validated + 2 * len(batches.train_rows)
    stoppable(RunWriter(run), tell)("", 9, 9)  # done: it is of use to the next run
    assert told == [validated, 9]


@pytest.mark.parametrize(
    ("free_bytes", "values", "copies"),
    [(10_000, {}, 2), (5_000, {}, 1), (1_000, {}, 0), (10_000, {"augmentation": "none"}, 1),
     (10_000, {"stored_copies": 0}, 0), (10_000, {"trained_stages": 5}, 0)],
)  # fmt: skip
def test_copies_that_fit__leaves_half_of_the_disk_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_bytes: int, values: dict[str, Any], copies: int
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=free_bytes)
    monkeypatch.setattr(array_store.shutil, "disk_usage", lambda _: usage)
    config = asked().model_copy(update=values)
    assert copies_that_fit(config, tmp_path, images=20, validated=2, image_bytes=100) == copies


def test_finetune__of_stored_copies_trains_the_last_stages_and_is_what_it_says(trained: Trained) -> None:
    run = trained(
        "finetune", weights="random", trained_stages=2, stored_copies=4, batch_size=16, epochs=3, head_from="probe",
        batch_norm="frozen", learning_rate=1e-3,
    )  # fmt: skip
    assert json.loads((run.path / "environment.json").read_text())["plan"]["copies"] == 3, "one an epoch is enough"
    results = run.results() or {}
    scores = [row["val/macro_f1"] for row in run.metrics() if "val/macro_f1" in row]
    assert len(scores) == 4
    # Evaluated from the images themselves, and so without float16 in between: an image may fall on the other side.
    assert results["val"]["macro_f1"] == pytest.approx(max(scores), abs=0.15)
    assert {row["train/loss"] for row in run.metrics() if "train/loss" in row}
