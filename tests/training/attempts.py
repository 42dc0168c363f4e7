"""Small runs that are cut or stopped at chosen steps and taken up again: training alone, without what comes after."""

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from sealife_core.config import FineTuneConfig, SimclrConfig, preset
from sealife_core.datasets.batches import ImageBatches
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.pixels import open_pixels
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.encoders import Encoder
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from sealife_core.training.callbacks import Speed
from sealife_core.training.fine_tuning.minutes import as_planned
from sealife_core.training.hardware import Hardware
from sealife_core.training.probe.standardised_features import split_of, standardised
from sealife_core.training.simclr import SimclrModule
from sealife_core.training.train import learn, on_features, on_images
from sealife_core.training.trainer import build_trainer, fit
from tests.training.shares import Small

CPU = Hardware("cpu", "fp32")
MEASURED = ("time", "train/images_per_s", "train/views_per_s")  # by the clock: no two runs agree
When = Callable[[int, dict[str, float | None]], bool]  # of a row that was just written: its step, its values


class Cut(BaseException):
    """Ends a run as a kill would: no callback writes anything down any more that matters."""


def begun(dataset: Dataset, task: str, **values: Any) -> Run:
    """A run that has not trained yet."""
    size = {"image_size_px": 32, "device": "cpu", "precision": "fp32", "threads": 1}
    return create_run(preset(task, "Quick look", data=dataset.name, **(size | values)), data_hash=dataset.content_hash)


def attempt(run: Run, dataset: Dataset, *, cut: When | None = None, stop: When | None = None) -> bool | None:
    """Train ``run`` until its end (True), a stop that is asked for (False) or a cut (None)."""
    (run.path / "stop").unlink(missing_ok=True)
    writer = RunWriter(run)
    tell = writer.metric

    def metric(step: int, epoch: float, **values: float | None) -> None:
        tell(step, epoch, **values)
        if cut is not None and cut(step, values):
            raise Cut
        if stop is not None and stop(step, values):
            (run.path / "stop").touch()

    writer.metric = metric  # type: ignore[method-assign]
    config = run.config()
    torch.manual_seed(config.seed)
    try:
        if isinstance(config, SimclrConfig):
            return _pretrain(config, writer, dataset)
        assert isinstance(config, FineTuneConfig)
        batches, module = _classifier(config, dataset)
        if isinstance(batches, ImageBatches):
            config, batches = as_planned(config, writer, dataset, batches, module, CPU, time.monotonic())
        finished, best_epoch, train_s = learn(config, writer, CPU, batches, module, note=lambda rate: None)
        writer.results(best_epoch=best_epoch, train_s=train_s)
        torch.save(module.state_dict(), run.path / "module.pt")
        return finished
    except Cut:
        return None


def rows(run: Run) -> list[dict[str, Any]]:
    """What the metrics file says, but for what the clock says."""
    return [{key: value for key, value in row.items() if key not in MEASURED} for row in run.metrics()]


def point(run: Run) -> dict[str, Any]:
    """The resume point."""
    return torch.load(run.path / "last.ckpt", weights_only=True)


def assert_same(found: Any, expected: Any, where: str = "") -> None:
    """Nested containers hold the same numbers, to the last digit."""
    assert type(found) is type(expected), where
    if isinstance(expected, dict):
        assert list(found) == list(expected), where
        for key in expected:
            assert_same(found[key], expected[key], f"{where}/{key}")
    elif isinstance(expected, list | tuple):
        assert len(found) == len(expected), where
        for place, (one, other) in enumerate(zip(found, expected, strict=True)):
            assert_same(one, other, f"{where}/{place}")
    else:
        same = torch.equal(found, expected) if isinstance(expected, torch.Tensor) else found == expected
        assert same, f"{where}: {found} is not {expected}"


def assert_equal_runs(found: Run, expected: Run) -> None:
    """Both have the same curve, and end at the same weights, optimiser, schedule, counters, patience and best epoch."""
    assert rows(found) == rows(expected)
    ours, theirs = point(found), point(expected)
    for state in (ours, theirs):
        state["callbacks"]["ResumePoint"].pop("train_s")
        # How often validation batches were counted before a cut has no meaning after it.
        state["loops"] = state["loops"]["fit_loop"]["epoch_progress"]["current"]
    assert_same(ours, theirs)


def _classifier(config: FineTuneConfig, dataset: Dataset) -> tuple[Any, Any]:
    rows = dataset.rows("train")
    if config.trained_stages == 0:
        draw = torch.Generator().manual_seed(0)
        centres = torch.randn(len(dataset.classes), 24, generator=draw)
        h = centres[torch.from_numpy(dataset.labels)] + 2 * torch.randn(len(dataset), 24, generator=draw)
        return on_features(config, dataset, split_of(dataset, standardised(h.numpy(), dataset), rows), rows)
    encoder = _network(config)
    encoder.train_stages(config.trained_stages)
    return on_images(config, dataset, open_pixels(dataset, 64), encoder, rows, CPU)


def _network(config: SimclrConfig | FineTuneConfig) -> Encoder:
    """One that takes milliseconds in place of a ResNet18; any other as it is."""
    return Small() if config.encoder == "resnet18" else build_encoder(config.encoder)


def _pretrain(config: SimclrConfig, writer: RunWriter, dataset: Dataset) -> bool:
    rows = dataset.rows("train")
    batches = ImageBatches(
        dataset, open_pixels(dataset, 64), train_rows=rows, val_rows=rows[:0], batch_size=config.batch_size,
        seed=config.seed, drop_last=True,
    )  # fmt: skip
    module = SimclrModule(config, _network(config), batch_size=config.batch_size)
    assert isinstance(module.head, nn.Sequential)
    steps = len(rows) // config.batch_size
    speed = Speed("train/views_per_s", images_per_step=2 * config.batch_size, note=lambda rate: None)
    trainer = build_trainer(config, writer, CPU, [], steps_per_epoch=steps, speed=speed)
    finished, train_s = fit(trainer, module, batches, writer)
    writer.results(train_s=train_s)
    return finished
