"""What embed gives back, and what it leaves as it was."""

import numpy as np
import pytest
import torch
from torch import nn

from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.decoding.pixels import Pixels, open_pixels
from sealife_core.evaluation.embeddings.compute import embed, evaluating
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.facts import IMAGENET_MEAN, IMAGENET_STD

HOW = {"image_size_px": 32, "mean": IMAGENET_MEAN, "std": IMAGENET_STD}


class _Means(nn.Module):
    """(n, 3, H, W) → (n, 3): the mean of each channel, so that what an encoder is shown can be read off."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean((2, 3))


@pytest.fixture
def pixels(tiny_reef: Dataset) -> Pixels:
    return open_pixels(tiny_reef, 32)


def _small_encoder() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def test_embed__gives_one_row_a_row_in_their_order(pixels: Pixels) -> None:
    encoder, rows = _small_encoder(), np.array([5, 0, 63, 5, 17])
    found = embed(encoder, pixels, rows, batch_size=2, **HOW)
    assert found.dtype == np.float32
    assert found.shape == (5, 8)
    everything = embed(encoder, pixels, np.arange(64), **HOW)
    np.testing.assert_allclose(found, everything[rows], atol=1e-5)
    np.testing.assert_array_equal(found[0], found[3])
    assert not np.allclose(found[0], found[1])


def test_embed__of_no_rows_still_has_its_columns(pixels: Pixels) -> None:
    assert embed(_small_encoder(), pixels, np.zeros(0, np.int64), **HOW).shape == (0, 8)


def test_embed__shows_the_picture_normalised_and_unvaried(pixels: Pixels) -> None:
    found = embed(_Means(), pixels, np.arange(4), **HOW)
    images, _ = pixels.gather(np.arange(4))  # the reef is square: its centre view at 32 px is the picture itself
    means = images.float().mean((1, 2)).numpy() / 255
    np.testing.assert_allclose(found, (means - IMAGENET_MEAN) / np.array(IMAGENET_STD), atol=1e-4)


def test_embed__leaves_a_training_encoder_with_frozen_stages_as_it_was(pixels: Pixels) -> None:
    encoder = build_encoder("resnet18", "small").train_stages(2)
    encoder.train()
    before = {name: part.training for name, part in encoder.named_modules()}
    assert len(set(before.values())) == 2, "some stages must be frozen and some not"
    buffers = {name: value.clone() for name, value in encoder.state_dict().items()}
    found = embed(encoder, pixels, np.arange(8), **HOW)
    assert found.shape == (8, 512)
    assert {name: part.training for name, part in encoder.named_modules()} == before
    for name, value in encoder.state_dict().items():
        assert torch.equal(value, buffers[name]), name


def test_evaluating__puts_modes_back_after_an_error() -> None:
    encoder = _small_encoder().train()
    encoder[1].eval()

    def fails() -> None:
        with evaluating(encoder):
            assert not any(part.training for part in encoder.modules())
            raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        fails()
    assert [part.training for part in encoder] == [True, False, True, True, True]
    assert encoder.training


def test_embed__in_bf16_is_close_and_float32(pixels: Pixels) -> None:
    encoder = _small_encoder()
    exact = embed(encoder, pixels, np.arange(16), **HOW)
    rough = embed(encoder, pixels, np.arange(16), precision="bf16", **HOW)
    assert rough.dtype == np.float32
    # bf16 keeps 8 bits: a relative error of 2⁻⁸ a product, some of them in a row.
    np.testing.assert_allclose(rough, exact, atol=0.02)
    assert not np.array_equal(rough, exact)


def test_embed__tells_its_progress(pixels: Pixels) -> None:
    told: list[tuple[str, int, int]] = []
    embed(_Means(), pixels, np.arange(10), batch_size=4, progress=lambda *what: told.append(what), **HOW)
    assert told == [("embedding", 4, 10), ("embedding", 8, 10), ("embedding", 10, 10)]
