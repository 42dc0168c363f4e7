import math
from pathlib import Path
from typing import Any

import pytest

from sealife_core.config import preset
from sealife_core.runs.costs.estimates import STARTUP_S, TORCH_BYTES, estimate
from sealife_core.runs.costs.measured_rates import RATES, record_rate
from sealife_core.runs.directory import create_run
from sealife_core.runs.writer import RunWriter
from sealife_core.wording import rate_said

RATE = {
    "kind": "simclr",
    "encoder": "resnet18",
    "stem": "imagenet",
    "image_size_px": 64,
    "precision": "fp32",
    "device": "cpu",
    "trained_stages": 5,
    "images_per_s": 100.0,
}


def seconds(root: Path, task: str = "simclr", n_images: int = 1000, **settings: Any) -> float:
    found = estimate(preset(task, **settings), n_images, root).seconds
    assert found is not None
    return found - STARTUP_S


def test_estimate__without_a_measurement_gives_no_time(root: Path):
    found = estimate(preset("simclr"), 1000, root)
    assert (found.seconds, found.basis) == (None, "not measured on this machine yet")
    assert found.memory_bytes > TORCH_BYTES
    assert found.disk_bytes > 0


def test_estimate__of_the_measured_run_is_images_over_rate(root: Path):
    record_rate(root, **RATE)
    took = seconds(root, epochs=10, image_size_px=64, monitor_every=0)
    # 10 epochs × 1,000 images / 100 images/s, and one look at the end: 1,125 forward passes of a sixth of the cost
    assert took == pytest.approx(100 + 1125 / 100 / 6)
    assert estimate(preset("simclr"), 1000, root).basis.startswith("measured 100 images/s of ResNet18 at 64 px")


def test_estimate__scales_with_size_encoder_and_what_is_trained(root: Path):
    record_rate(root, **RATE)
    base = seconds(root, epochs=100)
    assert seconds(root, epochs=100, image_size_px=128) == pytest.approx(4 * base)
    assert seconds(root, epochs=100, encoder="resnet50") == pytest.approx(4.087 / 1.813 * base, rel=1e-3)
    assert seconds(root, epochs=100, n_images=2000) == pytest.approx(2 * base)
    full = seconds(root, "finetune", weights="imagenet", label_fraction=100)
    assert seconds(root, "finetune", weights="imagenet", trained_stages=1) < 0.6 * full
    assert seconds(root, "finetune", weights="imagenet", label_fraction=10) < 0.2 * full
    assert "scaled from" in estimate(preset("simclr", image_size_px=128), 1000, root).basis


def test_estimate__a_probe_pays_for_its_features_once(root: Path):
    record_rate(root, **RATE)
    assert seconds(root, "probe", epochs=10) == pytest.approx(seconds(root, "probe", epochs=1000))
    assert seconds(root, "probe") == pytest.approx(1250 / 100 / 6)
    assert seconds(root, "probe", augmentation="light", optimiser="adamw", epochs=100) > 50 * seconds(root, "probe")


def test_estimate__takes_the_nearest_measurement_and_of_equals_the_undisturbed_one(root: Path):
    record_rate(root, **RATE | {"images_per_s": 50.0})
    record_rate(root, **RATE | {"image_size_px": 224, "images_per_s": 9.0})
    record_rate(root, **RATE | {"images_per_s": 1.0})
    assert "50 images/s" in estimate(preset("simclr"), 1000, root).basis
    assert "9 images/s of ResNet18 at 224 px" in estimate(preset("simclr", image_size_px=192), 1000, root).basis


def test_estimate__says_so_where_it_follows_another_task_because_runs_alike_were_disturbed(root: Path):
    record_rate(root, **RATE | {"kind": "classifier", "images_per_s": 200.0})
    quiet = seconds(root, epochs=10)
    record_rate(root, **RATE | {"images_per_s": 8.0})
    assert seconds(root, epochs=10) == quiet
    said = "scaled from 200 images/s of ResNet18 at 64 px in a classifier run on this machine"
    assert estimate(preset("simclr"), 1000, root).basis == said


def test_estimate__leaves_out_other_machines_other_devices_and_rubbish(root: Path):
    record_rate(root, **RATE | {"device": "cuda:0"})
    for wrong in (math.nan, 0.0, -1.0, math.inf):
        record_rate(root, **RATE | {"images_per_s": wrong})
    path = root / RATES
    line = path.read_text()
    assert line.count("\n") == 1
    assert '"device": "cuda"' in line
    other = line.replace('"cuda"', '"cpu"').replace('"host": "', '"host": "other-')
    path.write_text(line + other + "rubbish\n[]\n" + '{"encoder": "resnet18"}\n')
    assert estimate(preset("simclr"), 1000, root).seconds is None


@pytest.mark.parametrize("written", [True, False])
def test_estimate__follows_the_run_its_weights_come_from(root: Path, written: bool):
    record_rate(root, **RATE)
    source = create_run(preset("simclr", encoder="resnet50", image_size_px=32), root=root)
    if written:
        RunWriter(source).environment(stem="small")
    probe = estimate(preset("probe", weights=f"run:{source.id}"), 1000, root)
    plain = estimate(preset("probe", weights="imagenet"), 1000, root)
    assert probe.seconds is not None
    assert plain.seconds is not None
    assert (probe.seconds - STARTUP_S) / (plain.seconds - STARTUP_S) > 30  # ResNet50, small stem: 2.2 × about 15.6


def test_estimate__a_run_that_names_itself_does_not_go_round_in_circles(root: Path):
    run = create_run(preset("probe", weights="run:x"), root=root)
    run.path.rename(root / "x")
    assert estimate(preset("probe", weights="run:x"), 10, root).memory_bytes > 0


def test_estimate__memory_grows_with_batch_size_and_what_is_trained(root: Path):
    def memory(task: str = "simclr", **settings: Any) -> int:
        return estimate(preset(task, **settings), 1000, root).memory_bytes

    first, second = memory(batch_size=256) - memory(batch_size=128), memory(batch_size=384) - memory(batch_size=256)
    assert second == pytest.approx(first)
    assert first > 0
    assert memory(batch_size=2000) == memory(batch_size=1000)  # a batch is never larger than the data
    assert memory(image_size_px=128) > memory(image_size_px=64)
    assert memory("finetune", weights="imagenet") > memory("finetune", weights="imagenet", trained_stages=1)
    assert memory("finetune", weights="imagenet", trained_stages=1) > memory("probe", weights="imagenet")


def test_estimate__processes_share_a_processor_and_gpus_share_the_work(root: Path, monkeypatch: pytest.MonkeyPatch):
    record_rate(root, **RATE)
    record_rate(root, **(RATE | {"device": "cuda:0", "images_per_s": 1000.0}))
    assert seconds(root, device="cpu", devices=2) == seconds(root, device="cpu")
    one, two = (estimate(preset("simclr", device="cpu", devices=n), 1000, root).memory_bytes for n in (1, 2))
    assert TORCH_BYTES < two - one < two / 2
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    assert seconds(root, devices=2) == pytest.approx(seconds(root) / 2)
    found = [estimate(preset("simclr", devices=n), 1000, root) for n in (1, 2)]
    assert found[1].basis == f"{found[0].basis}, if 2 devices are 2 times as fast as one"
    assert found[1].memory_bytes < found[0].memory_bytes


def test_estimate__disk_holds_model_checkpoint_embeddings_and_cache(root: Path):
    found = estimate(preset("simclr", image_size_px=64, keep_models=4), 800, root)
    weights, embeddings = 11.18e6 * 4, 1000 * 512 * 4
    cache, looking_back = 1000 * 3 * 128**2, 4 * weights / 2
    assert found.disk_bytes == pytest.approx(weights + 2 * weights + looking_back + embeddings + cache, rel=0.001)
    assert found.kept_bytes == pytest.approx(weights + looking_back + embeddings, rel=0.001)
    assert found.shared_bytes == cache


def test_estimate__counts_the_labels_that_an_imbalance_leaves(root: Path):
    record_rate(root, **RATE | {"kind": "classifier"})

    def took(imbalance: float) -> float:
        config = preset("scratch", imbalance=imbalance, epochs=1000, patience=0)
        found = estimate(config, 1000, root, n_stored=1000, classes=3).seconds
        assert found is not None
        return found - STARTUP_S

    assert took(100) == pytest.approx(took(1) * (1 + 0.1 + 0.01) / 3, rel=0.01)


@pytest.mark.parametrize(
    ("rate", "said"), [(1234.5, "1,230"), (98.76, "98.8"), (0.1234, "0.123"), (123456.0, "123,000")]
)
def test_rate_said__has_three_digits_and_no_exponent(rate: float, said: str):
    assert rate_said(rate) == f"{said} images/s"


def test_estimate__of_labels_per_class_counts_those_images_only(root: Path):
    record_rate(root, **RATE | {"kind": "classifier"})

    def taken(**settings: Any) -> float:
        found = estimate(preset("finetune", weights="imagenet", **settings), 1000, root, classes=10).seconds
        assert found is not None
        return found

    assert taken(labels_per_class=10) == pytest.approx(taken(label_fraction=10))
    assert taken(labels_per_class=500) == taken()


def test_estimate__of_a_run_of_minutes_is_what_was_asked_for_also_where_nothing_was_measured(root: Path):
    assert estimate(preset("transfer", "Standard"), 1000, root).seconds == 20 * 60 + STARTUP_S
    assert estimate(preset("transfer", "Standard", minutes=0), 1000, root).seconds is None
