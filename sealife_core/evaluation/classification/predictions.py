"""The predictions of a classifier: one row per image with its label, its predicted class and the confidence."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from pyarrow.parquet import ParquetFile

from sealife_core.datasets.dataset import Dataset
from sealife_core.durable import replace_file
from sealife_core.errors import RunError
from sealife_core.runs.run import PREDICTIONS

COLUMNS = ("id", "split", "label", "predicted", "confidence", "loss", "probabilities")


def predictions_table(
    dataset: Dataset, rows: Int[np.ndarray, " n"], split: str, probabilities: Float[np.ndarray, "n classes"]
) -> pd.DataFrame:
    """One row per image, with COLUMNS; of labelled ``rows``. probabilities: in the order of the classes.

    ``loss`` is −ln(probability of the true class), in nats; ``confidence`` the probability of the predicted class.
    """
    probabilities = np.asarray(probabilities, np.float32)
    names = np.asarray(dataset.classes, dtype=object)
    truth, guess, each = dataset.labels[rows], probabilities.argmax(1), np.arange(len(rows))
    # The smallest normal float32: the loss of a probability that was rounded to zero is large, but finite.
    true_probability = np.maximum(probabilities[each, truth], np.finfo(np.float32).tiny)
    return pd.DataFrame(
        {
            "id": dataset.manifest["id"].to_numpy()[rows],
            "split": split,
            "label": names[truth],
            "predicted": names[guess],
            "confidence": probabilities[each, guess],
            "loss": -np.log(true_probability),
            "probabilities": list(probabilities),
        }
    )


def write_predictions(predictions: pd.DataFrame, folder: Path) -> None:
    """Write ``predictions.parquet`` into ``folder``, completely or not at all."""
    held = io.BytesIO()
    predictions.to_parquet(held, index=False)
    replace_file(folder / PREDICTIONS, held.getbuffer())


def read_predictions(folder: Path) -> pd.DataFrame:
    """The table in ``predictions.parquet`` of the run in ``folder``. Raises RunError if it is missing or damaged."""
    path = folder / PREDICTIONS
    if not path.is_file():
        raise RunError(
            f"There are no predictions at {path}; a classifier run writes them when it ends. Let the run finish."
        )
    damaged = RunError(f"The predictions in {path} are damaged and cannot be read. Run the classifier again.")
    try:
        with ParquetFile(path) as file:  # in half the time of read_parquet(), which looks for a folder of files
            found = file.read().to_pandas()
    except (OSError, ValueError) as error:  # pyarrow's errors are subclasses of these
        raise damaged from error
    missing = [name for name in COLUMNS if name not in found]
    if missing:
        raise RunError(f"The predictions in {path} lack the column '{missing[0]}'. Run the classifier again.")
    if not _fits(found):
        raise damaged
    return found


def exported_table(
    predictions: pd.DataFrame, dataset: Dataset, calibrated: Float[np.ndarray, " n"] | None = None
) -> pd.DataFrame:
    """The test predictions for people: a line an image with its original file name. Images that are gone have none.

    calibrated: the confidences of the n test images after temperature scaling, for a column of their own; None where
    the run has no validation predictions to fit the temperature on.
    """
    test = predictions.loc[predictions["split"] == "test"]
    return pd.DataFrame(
        {
            "file": [dataset.original_names.get(image_id, "") for image_id in test["id"].tolist()],
            "id": test["id"],
            "class": test["label"],
            "predicted": test["predicted"],
            "confidence": test["confidence"],
            **({} if calibrated is None else {"calibrated": calibrated}),
            "right": np.where(test["label"] == test["predicted"], "yes", "no"),
        }
    )


def _fits(table: pd.DataFrame) -> bool:
    """Whether the columns have the right types, and each row a probability for each class."""
    texts = all(isinstance(value, str) for name in COLUMNS[:4] for value in table[name].tolist())
    numbers = (table[name].to_numpy() for name in ("confidence", "loss"))
    if not texts or not all(column.dtype.kind == "f" and np.isfinite(column).all() for column in numbers):
        return False
    rows = table["probabilities"].to_list()
    shaped = all(isinstance(row, np.ndarray) and row.ndim == 1 and row.dtype.kind == "f" for row in rows)
    if not shaped or len({len(row) for row in rows}) > 1:
        return False
    return not rows or bool(np.isfinite(np.concatenate(rows)).all())
