"""The three sides of time_to_accuracy.py: each tells what it has done, and its accuracy on test, as it gets there."""

import argparse
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional

NAME = "photographs"
ENCODER = "tf_efficientnet_lite0"
MEAN = STD = (0.5, 0.5, 0.5)  # of its input
BATCH_SIZE = 32
WORKERS = 2
LARGER = 8 / 7  # a picture's side over that of the crop in its middle: 256 px for 224
Tell = Callable[[str, float], None]
Paused = Callable[[], AbstractContextManager[None]]


def ours(chosen: argparse.Namespace, paused: Paused, tell: Tell) -> None:
    """Import, probe, and fine-tune from the probe for so many minutes."""
    from sealife_core.config import IN_MINUTES, AnyConfig, preset
    from sealife_core.datasets.imports.importing import import_images
    from sealife_core.runs.directory import create_run
    from sealife_core.runs.run import Run
    from sealife_core.runs.writer import RunWriter
    from sealife_core.training.train import train

    dataset = import_images(chosen.folder, NAME).dataset
    common = {"data": NAME, "data_hash": dataset.content_hash, "encoder": ENCODER, "image_size_px": chosen.size_px}

    def carried_out(config: AnyConfig, what: str) -> Run:
        run = create_run(config)
        train(config, RunWriter(run))
        tell(what, (run.results() or {})["test"]["accuracy"])
        return run

    probe = carried_out(preset("probe", **common, weights="imagenet"), "linear probe")
    for minutes in chosen.minutes:
        nearest = IN_MINUTES[min(IN_MINUTES, key=lambda known: abs(known - minutes))] | {"minutes": minutes}
        tuned = preset("finetune", **common, weights=f"run:{probe.id}", **nearest)
        carried_out(tuned, f"fine-tune for {minutes:g} minutes")


def fastai(chosen: argparse.Namespace, paused: Paused, tell: Tell) -> None:
    """vision_learner and fine_tune, as fastai's documentation has them."""
    import fastai.vision.all as fast  # pyright: ignore[reportMissingImports] - see time_to_accuracy.py

    with paused():
        table, weights = split_table(), own_weights()
    size = chosen.size_px
    loaders = fast.ImageDataLoaders.from_df(
        table[table["split"] != "test"].assign(is_valid=table["split"] == "val"), path="/", valid_col="is_valid",
        item_tfms=fast.Resize(round(LARGER * size)), bs=BATCH_SIZE, num_workers=WORKERS,
        batch_tfms=[*fast.aug_transforms(size=size, min_scale=0.75), fast.Normalize.from_stats(MEAN, STD)],
    )  # fmt: skip
    tested = loaders.test_dl(table[table["split"] == "test"], with_labels=True)
    learner = fast.vision_learner(loaders, ENCODER, pretrained=False, normalize=False, metrics=fast.accuracy)
    fill(learner.model[0].model, weights)
    learner.freeze()
    epochs = iter(range(1, 10_000))

    def after_epoch(callback: Any) -> None:
        with paused():
            accuracy = accuracy_on(tested, learner.model)
        tell(f"epoch {next(epochs)}", accuracy)

    learner.add_cb(fast.Callback(after_epoch=after_epoch))
    with learner.no_bar(), learner.no_logging():
        learner.fine_tune(chosen.peer_epochs)


def plain_loop(chosen: argparse.Namespace, paused: Paused, tell: Tell) -> None:
    """All of the network in a LightningModule, as the tutorials write it."""
    from pytorch_lightning import LightningModule, Trainer
    from timm import create_model
    from torch.utils.data import DataLoader
    from torchvision import transforms

    with paused():
        table, weights = split_table(), own_weights()
    classes = sorted(table["label"].unique())
    finish = [transforms.ToTensor(), transforms.Normalize(MEAN, STD)]
    varied = [transforms.RandomResizedCrop(chosen.size_px, scale=(0.35, 1)), transforms.RandomHorizontalFlip()]
    still = [transforms.Resize(round(LARGER * chosen.size_px)), transforms.CenterCrop(chosen.size_px)]

    def loader(split: str, steps: list[Any]) -> Any:
        rows = table[table["split"] == split]
        images = Photographs(
            [f"/{name}" for name in rows["name"]], [classes.index(label) for label in rows["label"]],
            transforms.Compose([*steps, *finish]),
        )  # fmt: skip
        return DataLoader(images, BATCH_SIZE, shuffle=split == "train", num_workers=WORKERS)  # type: ignore[arg-type]

    trained, tested = loader("train", varied), loader("test", still)

    class Plain(LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = create_model(ENCODER, num_classes=len(classes))
            fill(self.net, weights)

        def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
            return functional.cross_entropy(self.net(batch[0]), batch[1])

        def on_train_epoch_end(self) -> None:
            with paused():
                accuracy = accuracy_on(tested, self.net)
            tell(f"epoch {self.current_epoch + 1}", accuracy)

        def configure_optimizers(self) -> Any:
            optimiser = torch.optim.AdamW(self.parameters(), lr=1e-3)
            steps = int(self.trainer.estimated_stepping_batches)
            rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=1e-3, total_steps=steps)
            return {"optimizer": optimiser, "lr_scheduler": {"scheduler": rates, "interval": "step"}}

    trainer = Trainer(
        max_epochs=chosen.peer_epochs, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(Plain(), trained)


class Photographs:
    """Files and their labels, opened one at a time."""

    def __init__(self, files: list[str], labels: list[int], steps: Callable[[Any], Tensor]) -> None:
        self._files, self._labels, self._steps = files, labels, steps

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, position: int) -> tuple[Tensor, int]:
        from PIL import Image

        with Image.open(self._files[position]) as picture:
            return self._steps(picture.convert("RGB")), self._labels[position]


def split_table() -> pd.DataFrame:
    """The images that ours has imported: name (its path without the first slash), label, split."""
    from sealife_core.datasets.dataset import open_dataset

    dataset = open_dataset(NAME)
    files = [str(dataset.image_path(row)).removeprefix("/") for row in range(len(dataset))]
    labels = [dataset.classes[label] for label in dataset.labels]
    return pd.DataFrame({"name": files, "label": labels, "split": dataset.manifest["split"].tolist()})


def own_weights() -> dict[str, Tensor]:
    """EfficientNet-Lite0's ImageNet weights by timm's names, without its classifier."""
    from sealife_core.models.weights import starting_encoder

    encoder, _ = starting_encoder("imagenet", ENCODER, "auto", 224)
    return {name.removeprefix("net."): value for name, value in encoder.state_dict().items()}


def fill(net: nn.Module, weights: dict[str, Tensor]) -> None:
    """Load ``weights`` into ``net``, all of whose other parameters are its classifier's."""
    missing, unknown = net.load_state_dict(weights, strict=False)
    assert not unknown
    assert all(name.startswith("classifier.") for name in missing)


def accuracy_on(batches: Iterable[Any], net: nn.Module) -> float:
    """The share that ``net`` names right; it is then in training mode again."""
    right = seen = 0
    with torch.inference_mode():
        net.eval()
        for images, labels in batches:
            right += int((net(images).argmax(1) == labels).sum())
            seen += len(labels)
    net.train()
    return right / seen
