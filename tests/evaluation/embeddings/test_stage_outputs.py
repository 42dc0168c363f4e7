"""What is kept of the pixels of an image beside its features."""

import torch

from sealife_core.evaluation.classification.out_of_distribution import LEAST_CONTRAST
from sealife_core.evaluation.embeddings.stage_outputs import WithStageOutputs
from tests.finished.models import fresh_encoder


def test_pixels__are_mean_contrast_and_sharpness_of_each_colour() -> None:
    images = torch.rand(3, 3, 32, 40, generator=torch.Generator().manual_seed(0))
    watched = WithStageOutputs(fresh_encoder("resnet18", "small").eval())
    with torch.inference_mode():
        found = watched(images.to(memory_format=torch.channels_last))
    start = watched.columns["h"]
    spreads = [images.std((2, 3), correction=0), *(images.diff(dim=d).abs().mean((2, 3)) for d in (2, 3))]
    expected = torch.cat([images.mean((2, 3)), *((spread + LEAST_CONTRAST).log() for spread in spreads)], 1)
    torch.testing.assert_close(found[:, start : start + watched.columns["pixels"]], expected)
