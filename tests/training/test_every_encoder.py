"""Whatever the encoder: trained by stages, watched, explained, and taken elsewhere in a folder of two files."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.classification.predictions import read_predictions
from sealife_core.evaluation.classification.predictor import Predictor
from sealife_core.models.checkpoint import load_model
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.known import facts
from sealife_core.runs.run import Run

pytestmark = pytest.mark.slow


# Depthwise convolutions with batch norm; and a transformer. ResNets are those of the other tests.
@pytest.mark.parametrize("name", ["tf_efficientnet_lite0", "vit_tiny_patch16_224"])
def test_fine_tuned__by_stages_it_classifies_and_explains_pictures_in_a_copied_folder(
    trained: Callable[..., Run], tiny_reef: Dataset, tmp_path: Path, name: str
) -> None:
    before = build_encoder(name)
    save_file(before.state_dict(), tmp_path / "weights.safetensors")
    run = trained(
        "finetune", weights=f"file:{tmp_path / 'weights.safetensors'}", encoder=name, stem="auto", trained_stages=2,
        batch_size=16, epochs=1,
    )  # fmt: skip
    after, _, card = load_model(run.path)
    pairs = zip(before.stages, after.stages, strict=True)
    states = [(old.state_dict(), new.state_dict()) for (_, old), (_, new) in pairs]
    moved = [any(not torch.equal(old[key], new[key]) for key in old) for old, new in states]
    assert moved == [False, False, False, True, True]
    assert (tuple(card.mean), tuple(card.std)) == (facts(name).mean, facts(name).std)

    copy = tmp_path / "copied"
    copy.mkdir()
    for file in ("model.safetensors", "model.json", "novelty.npz"):
        shutil.copy(run.path / file, copy)
    predictor, table = Predictor(copy), read_predictions(run.path).query("split == 'test'")
    pictures = [tiny_reef.image_path(tiny_reef.row_of(image_id)) for image_id in table["id"]]
    found = predictor.predict(pictures)
    expected = np.stack(list(table["probabilities"]))
    np.testing.assert_allclose(np.stack([each.probabilities for each in found]), expected, atol=1e-4)
    assert np.isfinite([each.ood_score for each in found if each.ood_score is not None]).sum() == len(pictures)
    heats = np.stack([predictor.explain(picture) for picture in pictures])
    assert heats.shape == (len(pictures), 32, 32)
    assert 0 <= heats.min() < heats.max() <= 1, "of a single picture nothing may speak for the class"
