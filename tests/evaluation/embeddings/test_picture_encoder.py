"""Any encoder on anyone's pictures: a file gets the embedding that stands for it in the run."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.pixels import cache_size_px, open_pixels
from sealife_core.errors import DatasetError, WeightsError
from sealife_core.evaluation.embeddings.compute import embed
from sealife_core.evaluation.embeddings.picture_encoder import PictureEncoder
from sealife_core.models.checkpoint import load_model
from sealife_core.runs.files import replace_json
from sealife_core.runs.run import Run
from tests.finished.models import with_model
from tests.finished.runs import simclr_run


def test_features__of_a_file_are_its_embedding(tiny_reef: Dataset) -> None:
    run = with_model(simclr_run(tiny_reef), tiny_reef)
    eyes = PictureEncoder(run.path)
    size, (mean, std) = eyes.card.image_size_px, eyes.colours
    pixels = open_pixels(tiny_reef, cache_size_px(tiny_reef, size))
    rows = np.array([9, 3])
    stored, _, _ = load_model(run.path)  # with its batch norm, which the encoder here is folded without
    assert any(isinstance(part, nn.BatchNorm2d) for part in stored.modules())
    expected = embed(stored, pixels, rows, image_size_px=size, mean=mean, std=std)
    files = [tiny_reef.image_path(row) for row in rows]
    np.testing.assert_allclose(eyes.features([files[0], files[1].read_bytes()]), expected, atol=1e-4)
    assert not np.allclose(*expected, atol=1e-2), "two pictures, or equality says little"


def test_features__of_a_file_that_is_no_picture_are_refused_in_a_sentence(tiny_reef: Dataset) -> None:
    eyes = PictureEncoder(with_model(simclr_run(tiny_reef), tiny_reef).path)
    with pytest.raises(DatasetError, match=r"\.$"):
        eyes.features([b"not a picture"])


def test_encoder__says_that_there_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no model"):
        PictureEncoder(tmp_path)


@pytest.mark.parametrize(
    ("noted", "has", "expected"),
    [
        ({"device": "cpu", "precision": "bf16"}, True, "bf16"),
        ({"device": "cpu", "precision": "bf16"}, False, "fp32"),
        ({"device": "x86_64", "device_kind": "cpu", "precision": "bf16"}, True, "bf16"),
        ({"device": "cuda", "precision": "bf16"}, True, "fp32"),
        ({"device": "cpu", "precision": "fp32"}, True, "fp32"),
        ({}, True, "fp32"),
    ],
)
def test_precision__is_that_of_a_run_on_a_processor_that_had_it(
    pretrained: Run, monkeypatch: pytest.MonkeyPatch, noted: dict[str, str], has: bool, expected: str
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": has})
    replace_json(pretrained.path / "environment.json", noted)
    assert PictureEncoder(pretrained.path).precision == expected
