"""A model as a zip: what is in it, and that it predicts when it is unpacked elsewhere."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import WeightsError
from sealife_core.evaluation.classification.predictor import Predictor
from sealife_core.models.model_zip import model_zip
from sealife_core.runs.run import Run


def test_model_zip__predicts_where_it_is_unpacked(classifier: Run, tiny_reef: Dataset, tmp_path: Path) -> None:
    picture = tiny_reef.image_path(3)
    here = Predictor(classifier.path).predict([picture])[0]
    with zipfile.ZipFile(io.BytesIO(model_zip(classifier.path, 32, "novelty.npz", "absent"))) as packed:
        assert packed.namelist() == ["README.md", "model.safetensors", "model.json", "novelty.npz"]
        packed.extractall(tmp_path / "elsewhere")
    there = Predictor(tmp_path / "elsewhere").predict([picture])[0]
    np.testing.assert_allclose(there.probabilities, here.probabilities, atol=1e-5)
    assert there.ood_score == pytest.approx(here.ood_score, abs=1e-3)


def test_model_zip__says_how_a_picture_becomes_its_input(classifier: Run) -> None:
    with zipfile.ZipFile(io.BytesIO(model_zip(classifier.path, 64))) as packed:
        text = packed.read("README.md").decode()
    card = Predictor(classifier.path).card
    for part in (classifier.id, "64 × 64", "32 × 32", f"{card.mean[0]:g}", f"{card.std[2]:g}", "10 logits", "softmax"):
        assert part in text


def test_model_zip__of_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no model"):
        model_zip(tmp_path, None)
