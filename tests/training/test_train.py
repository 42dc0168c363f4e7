"""Whole small runs: what they write, what they may look at, and that they can be taken up again."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from sealife_core.config import chance_loss, preset
from sealife_core.datasets.corrections.editing import move
from sealife_core.datasets.dataset import Dataset, write_dataset
from sealife_core.datasets.decoding.pixels import Pixels, cache_size_px, open_pixels
from sealife_core.errors import DatasetError, WeightsError
from sealife_core.evaluation.embeddings.compute import embed
from sealife_core.evaluation.embeddings.feature_store import FeatureStore
from sealife_core.evaluation.embeddings.stored_embeddings import read_embeddings
from sealife_core.models.checkpoint import load_model
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from sealife_core.training import feature_extraction
from sealife_core.training.preparation import open_data
from sealife_core.training.train import train
from tests.finished.models import NETWORK
from tests.training.conftest import SMALL

Trained = Callable[..., Run]


def losses(run: Run) -> dict[int, float]:
    return {row["step"]: row["train/loss"] for row in run.metrics() if "train/loss" in row}


def test_simclr__writes_a_model_curves_and_what_the_features_are_worth(trained: Trained) -> None:
    run = trained("simclr", batch_size=16, monitor_every=1)
    assert {p.name for p in run.path.iterdir()} == {
        "config.json", "notes.json", "status.json", "environment.json", "metrics.jsonl", "results.json", "last.ckpt",
        "model.safetensors", "model.json", "figures", "embeddings.npy", "embeddings_z.npy", "embeddings.json",
        "snapshots",
    }  # fmt: skip
    encoder, head, card = load_model(run.path)
    assert head is not None
    assert card.classes == []
    assert encoder(torch.zeros(1, 3, 32, 32)).shape == (1, card.feature_dim)
    assert run.environment()["chance_loss"] == pytest.approx(chance_loss(16))
    found = {key for row in run.metrics() for key in row}
    assert {
        "train/loss", "train/contrastive_accuracy", "train/learning_rate", "val/knn_accuracy", "val/alignment",
        "val/uniformity", "val/effective_rank",
    } <= found  # fmt: skip
    results = run.results()
    assert results is not None
    assert 0 <= results["val"]["knn_low"] <= results["val"]["knn_accuracy"] <= results["val"]["knn_high"] <= 1
    assert "kept_epoch" not in results
    assert [row["epoch"] for row in run.metrics() if "val/knn_accuracy" in row] == [1, 2]


def test_simclr__never_sees_a_validation_or_test_image(
    trained: Trained, tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[int] = set()
    gather = Pixels.gather
    from sealife_core.training.simclr import SimclrModule

    step = SimclrModule.training_step

    def watched(self: SimclrModule, batch: dict[str, torch.Tensor], index: int) -> torch.Tensor:
        images, _ = gather(looked_at[0], batch["rows"].numpy())
        assert torch.equal(images, batch["images"].cpu()), "a batch must hold the rows that it names"
        seen.update(batch["rows"].tolist())
        return step(self, batch, index)

    looked_at: list[Pixels] = []

    def remembered(self: Pixels, rows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        looked_at[:] = [self]
        return gather(self, rows)

    monkeypatch.setattr(Pixels, "gather", remembered)
    monkeypatch.setattr(SimclrModule, "training_step", watched)
    trained("simclr", batch_size=8, monitor_every=0)
    train_rows = set(tiny_reef.rows("train").tolist())
    assert seen == train_rows
    assert not seen & (set(tiny_reef.rows("val").tolist()) | set(tiny_reef.rows("test").tolist()))


def test_simclr__says_that_a_batch_larger_than_the_data_is_reduced(trained: Trained, tiny_reef: Dataset) -> None:
    run = trained("simclr", batch_size=512, epochs=1)
    n = len(tiny_reef.rows("train"))
    assert run.environment()["batch_size"] == n
    assert any(f"from 512 to {n}" in warning for warning in run.status()["warnings"])
    assert len(losses(run)) == 1


def test_probe__leaves_the_encoder_as_it_was_and_predicts_as_the_run_did(
    trained: Trained, pretrained: Run, tiny_reef: Dataset
) -> None:
    run = trained("probe", weights=f"run:{pretrained.id}", epochs=5)
    before, _, _ = load_model(pretrained.path)
    after, head, card = load_model(run.path)
    assert card.classes == list(tiny_reef.classes)
    assert head is not None
    state = after.state_dict()
    for name, value in before.state_dict().items():
        assert torch.equal(value, state[name]), name
    assert {p.name for p in run.path.iterdir()} == {
        "config.json", "notes.json", "status.json", "environment.json", "metrics.jsonl", "results.json",
        "model.safetensors", "model.json", "figures", "predictions.parquet", "embeddings.npy",
        "embeddings.json", "novelty.npz",
    }  # fmt: skip
    results = run.results()
    assert results is not None
    assert results["method"] == "Linear probe"
    assert results["test"]["n"] == len(tiny_reef.rows("test"))
    assert {p.name for p in (run.path / "figures").iterdir()} == {"confusion.png", "curves.png", "predictions.png"}


def test_probe__with_the_standardisation_folded_in_gives_the_same_logits() -> None:
    from torch import nn

    from sealife_core.training.probe.standardised_features import Features

    torch.manual_seed(0)
    raw = torch.randn(20, 6) * torch.linspace(0.1, 9, 6) + 3
    mean, std = raw.mean(0), raw.std(0)
    head = nn.Sequential(nn.Dropout(0.0), nn.Linear(6, 4)).eval()
    expected = head((raw - mean) / std)
    folded = Features(raw, mean, std).folded(head)
    torch.testing.assert_close(folded(raw), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("stages", [0, 2, 5])
def test_finetune__moves_only_the_stages_that_train(trained: Trained, pretrained: Run, stages: int) -> None:
    before = load_model(pretrained.path)[0]
    run = trained("finetune", weights=f"run:{pretrained.id}", trained_stages=stages, augmentation="light", epochs=1)
    after = load_model(run.path)[0]
    moved = {
        name
        for (name, old), (_, new) in zip(before.stages, after.stages, strict=True)
        if any(not torch.equal(a, b) for a, b in zip(old.state_dict().values(), new.state_dict().values(), strict=True))
    }
    assert moved == {name for name, _ in before.stages[5 - stages :]}


@pytest.mark.parametrize(
    "values",
    [
        {"loss": "focal", "schedule": "onecycle", "dropout": 0.5, "augmentation": "strong"},
        {"class_weights": "balanced", "schedule": "warm_restarts", "restart_epochs": 1},
        {"label_smoothing": 0.1, "schedule": "constant", "optimiser": "sgd", "augmentation": "none"},
    ],
)
def test_scratch__trains_with_every_loss_and_schedule(trained: Trained, values: dict[str, object]) -> None:
    run = trained("scratch", batch_size=16, **values)
    assert all(np.isfinite(list(losses(run).values())))
    results = run.results()
    assert results is not None
    assert results["best_epoch"] in (1, 2)
    assert 0 <= results["test"]["accuracy_low"] <= results["test"]["accuracy"] <= results["test"]["accuracy_high"] <= 1


def test_label_fraction__uses_fewer_labels_and_says_how_many(trained: Trained, tiny_reef: Dataset) -> None:
    run = trained("scratch", label_fraction=30, epochs=1)
    results = run.results()
    assert results is not None
    assert len(tiny_reef.classes) <= results["labels_used"] < len(tiny_reef.rows("train")) / 2


def test_embeddings__are_those_of_the_saved_encoder_on_every_image(trained: Trained, tiny_reef: Dataset) -> None:
    run = trained("simclr", batch_size=16, epochs=1)
    encoder, head, card = load_model(run.path)
    assert head is not None
    pixels = open_pixels(tiny_reef, cache_size_px(tiny_reef, card.image_size_px))
    every = np.arange(len(tiny_reef))
    expected = embed(
        encoder, pixels, every, image_size_px=card.image_size_px, mean=tuple(card.mean), std=tuple(card.std)
    )
    found = read_embeddings(run.path)
    np.testing.assert_allclose(found.values, expected, rtol=1e-4, atol=1e-5)  # another order of summation
    np.testing.assert_array_equal(found.rows_in(tiny_reef), every)
    with torch.inference_mode():
        z = head(torch.from_numpy(expected)).numpy()
    np.testing.assert_allclose(read_embeddings(run.path, "z").values, z, rtol=1e-3, atol=1e-4)


def test_metrics__hold_the_first_step_however_seldom_others_are_logged(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sealife_core.training.trainer.LOGGED_POINTS", 1)
    run = trained("simclr", batch_size=8, epochs=2, monitor_every=0)
    rows, an_epoch = run.metrics(), run.environment()["steps_per_epoch"]
    assert an_epoch > 1
    assert [row["step"] for row in rows] == [1, an_epoch, 2 * an_epoch]
    assert rows[0]["epoch"] == pytest.approx(1 / an_epoch)
    assert rows[0].keys() == {
        "step",
        "epoch",
        "time",
        "train/loss",
        "train/contrastive_accuracy",
        "train/learning_rate",
    }


def test_embed__looks_at_every_image_and_trains_nothing(trained: Trained, pretrained: Run, tiny_reef: Dataset) -> None:
    run = trained("embed", weights=f"run:{pretrained.id}")
    assert {p.name for p in run.path.iterdir()} == {
        "config.json", "notes.json", "status.json", "environment.json", "results.json", "model.safetensors",
        "model.json", "embeddings.npy", "embeddings.json",
    }  # fmt: skip
    np.testing.assert_allclose(
        read_embeddings(run.path).values, read_embeddings(pretrained.path).values, rtol=1e-4, atol=1e-5
    )
    results = run.results()
    assert results is not None
    assert results["val"]["n"] == len(tiny_reef.rows("val"))
    assert 0 <= results["val"]["knn_low"] <= results["val"]["knn_accuracy"] <= results["val"]["knn_high"] <= 1
    assert trained("probe", weights=f"run:{run.id}", epochs=2).results() is not None


def test_features__of_a_frozen_encoder_are_computed_once(
    trained: Trained, pretrained: Run, tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second seed, fewer labels, an embed run: none of them shows the encoder an image again, nor decodes one."""
    weights = f"run:{pretrained.id}"
    first = trained("probe", weights=weights)
    assert [kept.images for kept in FeatureStore(tiny_reef.folder).stored()] == [len(tiny_reef)]
    monkeypatch.setattr(feature_extraction, "features_of", lambda *_: pytest.fail("an image is shown again"))
    monkeypatch.setattr(feature_extraction, "pixels_to_look", lambda *_: pytest.fail("a file is decoded again"))
    second = trained("probe", weights=weights, seed=1, label_fraction=50)
    looked = trained("embed", weights=weights)
    for run in (second, looked):
        assert np.array_equal(read_embeddings(run.path).values, read_embeddings(first.path).values)


def test_stored_copies__are_learned_from_and_computed_once(trained: Trained, tiny_reef: Dataset) -> None:
    plain = trained("probe", weights="random")
    run = trained("probe", weights="random", stored_copies=2)
    stored = FeatureStore(tiny_reef.folder).stored()
    assert sorted((kept.copy, kept.images) for kept in stored) == [
        (0, len(tiny_reef)), (1, len(tiny_reef.rows("train"))), (2, len(tiny_reef.rows("train")))
    ]  # fmt: skip
    one, other = (load_model(each.path)[1].state_dict() for each in (plain, run))  # type: ignore[union-attr]
    assert not torch.equal(one["linear.weight"], other["linear.weight"])
    assert run.environment()["batch_size"] == 3 * plain.environment()["batch_size"]
    assert np.array_equal(read_embeddings(run.path).values, read_embeddings(plain.path).values)


@pytest.mark.slow
def test_stop__saves_what_was_learned_and_leaves_the_test_split_unread(tiny_reef: Dataset) -> None:
    config = preset("scratch", "Quick look", **(SMALL | {"epochs": 50, "batch_size": 16}))
    run = create_run(config, data_hash=tiny_reef.content_hash)
    (run.path / "stop").touch()
    assert train(config, RunWriter(run)) is False
    results = run.results()
    assert results is not None
    assert "test" not in results
    assert (run.path / "model.safetensors").exists()
    assert (run.path / "last.ckpt").exists()


def test_stop__while_features_are_computed_ends_the_run_at_once(pretrained: Run, tiny_reef: Dataset) -> None:
    fitting = {name: SMALL[name] for name in ("data", "encoder", "stem", "image_size_px") if name in SMALL}
    config = preset("embed", **(fitting | {"weights": f"run:{pretrained.id}", "tensorboard": True}))
    run = create_run(config, data_hash=tiny_reef.content_hash)
    (run.path / "stop").touch()
    assert train(config, RunWriter(run)) is False
    assert run.results() is None
    assert not run.status().get("warnings"), "there is nothing yet that could be recorded"
    assert not (run.path / "embeddings.npy").exists()
    (run.path / "stop").unlink()
    assert train(config, RunWriter(run)) is True


def test_open_data__takes_the_version_of_the_launch_and_refuses_another_data_set(tiny_reef: Dataset) -> None:
    config = preset("scratch", "Quick look", **SMALL)
    run = create_run(config, data_hash=tiny_reef.content_hash)
    row = int(tiny_reef.rows("train")[0])
    assert move(tiny_reef, {row: "val"}).content_hash != tiny_reef.content_hash
    assert open_data(run.config(), RunWriter(run)).content_hash == tiny_reef.content_hash
    write_dataset(tiny_reef.folder, tiny_reef.manifest.iloc[1:], tiny_reef.info)
    with pytest.raises(DatasetError, match="has changed since this run was launched"):
        open_data(run.config(), RunWriter(run))


def test_train__refuses_weights_of_another_encoder(trained: Trained, pretrained: Run) -> None:
    with pytest.raises(WeightsError, match=NETWORK):
        trained("probe", weights=f"run:{pretrained.id}", encoder="resnet50")
