"""The peers of speed.py: lightly's and torchvision's parts in a plain Lightning loop."""

import os
from pathlib import Path
from typing import Any

import timm
import torch
from lightly.loss import NTXentLoss
from lightly.models.modules import SimCLRProjectionHead
from PIL import Image
from pytorch_lightning import LightningModule, Trainer
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset
from torchvision import transforms
from torchvision.models import resnet18, resnet50

from benchmarks.training.lightly_simclr import ViewPairs
from benchmarks.training.steps import Steps
from sealife_core.config import LABELLED, ClassifierConfig, FineTuneConfig, SimclrConfig
from sealife_core.datasets.dataset import Dataset
from sealife_core.models.facts import IMAGENET_MEAN, IMAGENET_STD

ENOUGH_STEPS = 64  # a loader must have work ahead to the last step, or the last ones would be told too fast
LOADERS = os.cpu_count() or 1


class LightlySimclr(LightningModule):
    """SimCLR as lightly's documentation writes it for PyTorch Lightning, with the widths of our projection head."""

    def __init__(self, config: SimclrConfig) -> None:
        super().__init__()
        network = {"resnet18": resnet18, "resnet50": resnet50}[config.encoder]()
        self.backbone = nn.Sequential(*list(network.children())[:-1])
        self.projection_head = SimCLRProjectionHead(network.fc.in_features, config.head_hidden, config.head_out)
        self.criterion = NTXentLoss(config.temperature)
        self.rate = config.peak_learning_rate()

    def forward(self, x: Tensor) -> Tensor:
        """Views (n, 3, H, W) → projections (n, d)."""
        return self.projection_head(self.backbone(x).flatten(start_dim=1))

    def training_step(self, batch: list[Tensor], batch_index: int) -> Tensor:
        """One step on two views of each image."""
        first, second = batch
        loss = self.criterion(self(first), self(second))
        self.log("train_loss", loss)
        return loss

    def configure_optimizers(self) -> Any:
        """SGD with momentum."""
        return torch.optim.SGD(self.parameters(), self.rate, momentum=0.9, weight_decay=1e-4)


def lightly_simclr(files: list[Path], config: SimclrConfig, counted: int) -> float:
    """Seconds of a step of lightly's parts: JPEG files, its transform in loader processes, its head and loss."""
    torch.manual_seed(config.seed)
    steps = Steps(counted)
    pictures = ViewPairs(repeated(files, config.batch_size), config.image_size_px)
    plain_trainer(steps, config.device).fit(LightlySimclr(config), plain_loader(pictures, config.batch_size))
    return steps.step_s


class LabelledFiles(TorchDataset):
    """Image files and their classes, varied by torchvision's transforms as our *strong* augmentation does."""

    def __init__(self, files: list[Path], labels: list[int], config: ClassifierConfig) -> None:
        views = LABELLED["strong"]
        jitter = (views.brightness, views.contrast, views.saturation, views.hue)
        self.files, self.labels = files, labels
        self.transform = transforms.Compose(
            [
                transforms.RandomResizedCrop(config.image_size_px, scale=(views.crop_scale_min, 1.0)),
                transforms.RandomHorizontalFlip(views.horizontal_flip),
                transforms.RandomApply(
                    [transforms.ColorJitter(*(views.strength * part for part in jitter))], views.jitter
                ),
                transforms.RandomGrayscale(views.grayscale),
                transforms.ToTensor(),
                transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD),
            ]
        )

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        with Image.open(self.files[place]) as image:
            return self.transform(image.convert("RGB")), self.labels[place]  # pyright: ignore[reportReturnType]


class PlainClassifier(LightningModule):
    """A network with cross-entropy and AdamW, as in Lightning's own beginner's example.

    statistics_kept: every BatchNorm is in evaluation.
    """

    def __init__(self, network: nn.Module, rate: float, *, statistics_kept: bool) -> None:
        super().__init__()
        self.model, self.rate, self.statistics_kept = network, rate, statistics_kept

    def on_train_epoch_start(self) -> None:
        """Lightning has just set every part to training."""
        if self.statistics_kept:
            for part in self.model.modules():
                part.train(not isinstance(part, nn.BatchNorm2d))

    def training_step(self, batch: tuple[Tensor, Tensor], batch_index: int) -> Tensor:
        """One step on a batch of labelled images."""
        images, labels = batch
        loss = functional.cross_entropy(self.model(images), labels)
        self.log("train_loss", loss)
        return loss

    def configure_optimizers(self) -> Any:
        """AdamW."""
        return torch.optim.AdamW(self.parameters(), self.rate)


def plain_classifier(dataset: Dataset, config: FineTuneConfig, counted: int) -> float:
    """Seconds of a step of torchvision's parts: JPEG files, its transforms in loader processes, and its network or
    timm's."""
    torch.manual_seed(config.seed)
    rows = repeated(dataset.rows("train", labelled_only=True).tolist(), config.batch_size)
    files, labels = [dataset.image_path(row) for row in rows], [int(dataset.labels[row]) for row in rows]
    steps = Steps(counted)
    classes = len(dataset.classes)
    own = config.encoder == "resnet50"
    network = resnet50(num_classes=classes) if own else timm.create_model(config.encoder, num_classes=classes)
    module = PlainClassifier(network, config.learning_rate, statistics_kept=config.batch_norm == "frozen")
    plain_trainer(steps).fit(module, plain_loader(LabelledFiles(files, labels, config), config.batch_size))
    return steps.step_s


def plain_loader(pictures: TorchDataset, batch_size: int) -> DataLoader:
    """A loader with processes that stay."""
    return DataLoader(
        pictures, batch_size, shuffle=True, drop_last=True, num_workers=LOADERS, persistent_workers=True,
        pin_memory=torch.cuda.is_available(),
    )  # fmt: skip


def plain_trainer(steps: Steps, device: str = "cpu") -> Trainer:
    """Lightning's Trainer as it comes, without its bar and its files; on a GPU in mixed precision."""
    gpu: dict[str, Any] = {"accelerator": "gpu", "devices": 1, "precision": "bf16-mixed"}
    return Trainer(
        **(gpu if device == "cuda" else {"accelerator": "cpu"}), max_epochs=1, callbacks=[steps], logger=False,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip


def repeated(items: list[Any], batch_size: int) -> list[Any]:
    """``items`` again and again, enough for ENOUGH_STEPS."""
    return items * -(-ENOUGH_STEPS * batch_size // len(items))
