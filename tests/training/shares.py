"""Three epochs on shares of every batch, by real processes (:func:`main`) or on one device (:func:`three_epochs`).

Four processes train every case as four devices, then the first two of them as two; the first leaves what it saw in a
folder.
"""

import os
import warnings
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from timm.layers import BatchNormAct2d, DropPath
from torch import nn

from sealife_core.config import preset
from sealife_core.datasets.batches import ImageBatches
from sealife_core.datasets.dataset import open_dataset
from sealife_core.datasets.decoding.pixels import open_pixels
from sealife_core.models.encoders import ResNetEncoder
from sealife_core.models.fast_convolutions.take_over import POINTWISE, take_over
from sealife_core.runs.directory import create_run
from sealife_core.runs.writer import RunWriter
from sealife_core.training.hardware import choose_hardware
from sealife_core.training.preparation import class_weights
from sealife_core.training.simclr import SimclrModule
from sealife_core.training.train import on_images
from sealife_core.training.trainer import DOES_NOT_APPLY, build_trainer

STEPS = 6
# 51 training images: two batches of 20 an epoch, which two and four devices can share, in three epochs.
COMMON: dict[str, Any] = {
    "image_size_px": 32, "precision": "fp32", "device": "cpu", "batch_size": 20, "epochs": 3,
    "learning_rate": 0.03, "optimiser": "sgd",
}  # fmt: skip
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "simclr": ("simclr", {"rate_scaling": "none", "warmup_epochs": 0, "gradient_clip": 1.0, "patience": 1}),
    "everything": (
        "scratch",
        {"class_weights": "balanced", "label_smoothing": 0.1, "dropout": 0.5, "augmentation": "strong", "patience": 0},
    ),
    "deepest": (
        "scratch",
        {"trained_stages": 2, "loss": "focal", "class_weights": "balanced", "augmentation": "light", "patience": 0},
    ),
}


class Small(ResNetEncoder):
    """The five stages of an encoder, a convolution each, for four processes on two cores.

    It bends smoothly: at the kink of a ReLU the last digit of a number can decide between two gradients. Its third
    layer is made of timm's parts: a BatchNorm that activates by itself, and a path that is dropped for some images.
    """

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.feature_dim, self.trained_stages = 32, 5
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(16)
        self.relu, self.maxpool = nn.GELU(), nn.AvgPool2d(2)
        self.layer1, self.layer2 = _layer(16, 16, 3), _layer(16, 32, 3)
        self.layer3, self.layer4 = _timms_layer(32, 32, 1), _layer(32, 32, 3)
        take_over(self, [POINTWISE])


def _layer(d_in: int, d_out: int, side: int) -> nn.Sequential:
    convolution = nn.Conv2d(d_in, d_out, side, padding=side // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(d_out), nn.GELU())


def _timms_layer(d_in: int, d_out: int, side: int) -> nn.Sequential:
    convolution = nn.Conv2d(d_in, d_out, side, padding=side // 2, bias=False)
    return nn.Sequential(convolution, BatchNormAct2d(d_out, act_layer=nn.GELU), DropPath(0.3))


class Notes(Callback):
    """Every loss, the first gradient as the optimiser gets it, and what was logged at the end."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.gradient: dict[str, torch.Tensor] = {}
        self.metrics: dict[str, float] = {}

    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: Any) -> None:
        if not self.gradient:
            self.gradient = {n: p.grad.clone() for n, p in pl_module.named_parameters() if p.grad is not None}

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *args: Any) -> None:
        self.losses.append(float(trainer.callback_metrics["train/loss"]))

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}


def three_epochs(case: str, devices: int) -> dict[str, Any]:
    """Carry out ``case`` as one of ``devices``: losses, gradient, metrics and state at the end."""
    task, values = CASES[case]
    config = preset(task, "Quick look", **COMMON, **values, devices=devices)
    run, machine = RunWriter(create_run(config)), choose_hardware(config)
    dataset = open_dataset("reef")
    pixels, rows = open_pixels(dataset, 64), dataset.rows("train")
    torch.manual_seed(config.seed)
    encoder = Small()
    share = (machine.rank, machine.devices)
    if task == "simclr":
        batches = ImageBatches(
            dataset, pixels, train_rows=rows, val_rows=rows[:0], batch_size=20, seed=0, drop_last=True, share=share
        )
        module: LightningModule = SimclrModule(config, encoder, batch_size=20)
        assert isinstance(module.head, nn.Sequential)
        module.head[2] = nn.GELU()
    else:
        encoder.train_stages(config.trained_stages)
        assert class_weights(config, dataset, rows) is not None
        batches, module = on_images(config, dataset, pixels, encoder, rows, machine)
    notes = Notes()
    trainer = build_trainer(config, run, machine, [notes], steps_per_epoch=2, validated=task != "simclr")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=DOES_NOT_APPLY)
        trainer.fit(module, batches.train_dataloader(), batches.val_dataloader() if task != "simclr" else None)
    assert trainer.global_step == STEPS
    kinds = sorted({type(part).__name__ for part in module.modules()})
    return {
        "losses": notes.losses, "gradient": notes.gradient, "metrics": notes.metrics, "state": module.state_dict(),
        "kinds": kinds,
    }  # fmt: skip


def as_device(rank: int, folder: Path, ports: list[str]) -> None:
    """All cases as device ``rank`` of four, then of two where it is among them."""
    os.environ["LOCAL_RANK"] = str(rank)
    for devices, port in zip((4, 2), ports, strict=True):
        if rank >= devices:
            return
        os.environ["MASTER_PORT"] = port
        for case in CASES:
            seen = three_epochs(case, devices)
            if rank == 0:
                torch.save(seen, folder / f"{case}-{devices}.pt")
        torch.distributed.destroy_process_group()


def main(folder: str, *ports: str) -> None:
    """All devices, with ports of their own for four and for two. PyTorch was imported before, once for all four."""
    rank = next((rank for rank in (1, 2, 3) if os.fork() == 0), 0)
    as_device(rank, Path(folder), list(ports))
    if rank == 0:
        assert [os.wait()[1] for _ in range(3)] == [0, 0, 0]
