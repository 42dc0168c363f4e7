"""Finished runs with a model: random weights, and all files that follow from them."""

from copy import deepcopy
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.pixels import cache_size_px, open_pixels
from sealife_core.evaluation.classification.predictions import predictions_table, write_predictions
from sealife_core.evaluation.embeddings.compute import embed
from sealife_core.evaluation.embeddings.picture_encoder import PictureEncoder
from sealife_core.evaluation.embeddings.stored_embeddings import write_embeddings
from sealife_core.models.checkpoint import ModelCard, save_model
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.encoders import Encoder
from sealife_core.models.heads import classification_head
from sealife_core.runs.directory import create_run
from sealife_core.runs.files import replace_json
from sealife_core.runs.run import Run

SIZE = 32
NETWORK = "test_resnet"  # of timm, made for tests: half a million weights, in four stages as a ResNet18


@lru_cache(4)
def _drawn(name: str, stem: str) -> Encoder:
    return build_encoder(name, stem)


def fresh_encoder(name: str = "resnet18", stem: str = "imagenet") -> Encoder:
    """A copy of the encoder as first built in this process: random weights of a ResNet18 take a tenth of a second."""
    return deepcopy(_drawn(name, stem))


def with_model(run: Run, dataset: Dataset, seed: int = 0) -> Run:
    """``run`` with an untrained ``NETWORK`` as its model, and the embeddings that this one gives."""
    torch.manual_seed(seed)
    encoder = build_encoder(NETWORK)
    save_model(run.path, encoder, None, _card("simclr", run, dataset, encoder))
    files = [dataset.image_path(row) for row in range(len(dataset))]
    write_embeddings(run.path, dataset, PictureEncoder(run.path).features(files))
    return run


def finished_classifier(dataset: Dataset) -> Run:
    """Model, predictions of val and test, and embeddings of a run on ``dataset`` at 32 px."""
    torch.manual_seed(0)
    config = preset("probe", "Quick look", data=dataset.name, image_size_px=SIZE, encoder=NETWORK)
    run = create_run(config, data_hash=dataset.content_hash)
    encoder = build_encoder(NETWORK).eval()
    head = classification_head(encoder.feature_dim, len(dataset.classes)).eval()
    pixels = open_pixels(dataset, cache_size_px(dataset, SIZE))
    h = embed(encoder, pixels, np.arange(len(dataset)), image_size_px=SIZE, mean=encoder.mean, std=encoder.std)
    features = torch.from_numpy(h)
    with torch.no_grad():  # random features differ little: spread out, so that every class is predicted now and then
        head.linear.weight.normal_().div_(features.std(0) + 1e-3).div_(8)
        head.linear.bias.copy_(-head.linear.weight @ features.mean(0))
        probabilities = head(features).softmax(1).numpy()
    splits = ((split, dataset.rows(split, labelled_only=True)) for split in ("val", "test"))
    tables = [predictions_table(dataset, rows, split, probabilities[rows]) for split, rows in splits]
    write_predictions(pd.concat(tables, ignore_index=True), run.path)
    write_embeddings(run.path, dataset, h)
    replace_json(run.path / "environment.json", {"cache_size_px": pixels.size_px, "precision": "fp32"})
    save_model(run.path, encoder, head, _card("classifier", run, dataset, encoder, list(dataset.classes)))
    return run


def _card(kind: str, run: Run, dataset: Dataset, encoder: Encoder, classes: list[str] | None = None) -> ModelCard:
    return ModelCard(
        kind=kind, encoder=encoder.name, stem=encoder.stem, feature_dim=encoder.feature_dim, classes=classes or [],
        image_size_px=SIZE, mean=list(encoder.mean), std=list(encoder.std), run=run.id, data=dataset.name,
        data_hash=dataset.content_hash,
    )  # fmt: skip


def copied_model(run: Run, folder: Path) -> Path:
    """``model.safetensors`` and ``model.json`` of ``run`` alone, in ``folder``."""
    folder.mkdir()
    for name in ("model.safetensors", "model.json"):
        (folder / name).write_bytes((run.path / name).read_bytes())
    return folder
