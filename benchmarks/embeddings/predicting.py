"""Predicting photographs by EfficientNet-Lite0, from the files, against features as ``embeddings.features`` makes them.

    python -m benchmarks.embeddings.predicting

Both decode the same files and run the same folded network on all cores. The features are a bare ``embed``; a prediction
adds the head, the means of every stage and the check for pictures unlike the training images, the nearest of TRAINING
training images, calibration, and the rows on the disk. Weights and statistics are random, which costs the same.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.data.importing import draw_photographs
from benchmarks.embeddings.features import NAME, embedding, precision
from benchmarks.measuring import Figure, alternating, main, own_home, ratio
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.imports.importing import import_images
from sealife_core.evaluation.batch_inference.inference_jobs import append_rows
from sealife_core.evaluation.batch_inference.inference_rows import row_of
from sealife_core.evaluation.classification.predictor import Predictor
from sealife_core.evaluation.classification.selective import Validated
from sealife_core.evaluation.embeddings.training_images import TrainingImages
from sealife_core.models.checkpoint import ModelCard, save_model
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.heads import classification_head
from sealife_core.models.known import facts
from sealife_core.runs.files import replace_json

PICTURES, TRAINING, CLASSES, SIZE_PX, REPEATS = 384, 10_000, 23, 224, 3


def measure() -> Iterator[Figure]:
    with own_home() as folder:  # where the model looks for its data set
        draw_photographs(folder / "photographs", PICTURES)
        dataset = import_images(folder / "photographs", "photographs", root=folder / "data").dataset
        files = [dataset.image_path(row) for row in range(len(dataset))]
        predictor = with_model(folder / "model", dataset)
        known = Validated(1.3, {}, {})

        def predict() -> None:
            (folder / "rows.jsonl").unlink(missing_ok=True)
            for block in predictor.blocks(files):
                append_rows(folder, [row_of("a name", found, 5, known) for found in block])

        seconds = alternating({"features": embedding(dataset, SIZE_PX, "cpu"), "predict": predict}, REPEATS)
    rates = {name: PICTURES / float(np.median(taken)) for name, taken in seconds.items()}
    yield Figure(
        f"Predictions from files, {SIZE_PX} px, against features alone",
        ratio(seconds["features"], seconds["predict"]), "×", "≥ 0.8",
        f"{rates['predict']:.0f} against {rates['features']:.0f} images/s",
    )  # fmt: skip


def with_model(folder: Path, dataset: Dataset) -> Predictor:
    """A classifier with a detector and TRAINING training images, ready to predict."""
    encoder, known = build_encoder(NAME), facts(NAME)
    head = classification_head(encoder.feature_dim, CLASSES)
    card = ModelCard(
        "classifier", NAME, encoder.stem, encoder.feature_dim, [f"class {n}" for n in range(CLASSES)], SIZE_PX,
        list(known.mean), list(known.std), data=dataset.name, data_hash=dataset.content_hash,
    )  # fmt: skip
    save_model(folder, encoder, head, card)
    replace_json(folder / "environment.json", {"device": "cpu", "precision": precision("cpu")})  # the features'
    predictor = Predictor(folder)
    features = np.random.default_rng(0).normal(size=(TRAINING, encoder.feature_dim)).astype(np.float32)
    names = tuple(map(str, range(TRAINING)))
    vars(predictor)["_training"] = TrainingImages(features, names, names, names), ""
    assert predictor.ood, predictor.ood_unavailable
    return predictor


if __name__ == "__main__":
    main(measure, __doc__)
