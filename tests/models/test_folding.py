import pytest
import torch

from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.folding import folded


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "tf_efficientnet_lite0", "regnety_002"])
def test_folded__gives_the_same_features_without_a_batch_norm(name: str) -> None:
    encoder = build_encoder(name).train()
    with torch.no_grad():
        encoder(torch.rand(4, 3, 64, 64))  # statistics that are not those of a new network
    before = torch.get_rng_state()
    quick = folded(encoder)
    assert torch.equal(torch.get_rng_state(), before), "a run does not depend on how often its encoder is looked at"
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in quick.modules())
    assert encoder.training
    images = torch.rand(2, 3, 96, 96)
    with torch.inference_mode():
        torch.testing.assert_close(quick(images), encoder.eval()(images), rtol=1e-3, atol=1e-4)


def test_folded__is_the_encoder_itself_where_folding_would_change_it() -> None:
    """Of DenseNet a normalisation stands before its convolution, not behind."""
    for name in ("densenet121", "vit_tiny_patch16_224"):
        encoder = build_encoder(name).eval()
        images = torch.rand(1, 3, 64, 64)
        with torch.inference_mode():
            torch.testing.assert_close(folded(encoder)(images), encoder(images), rtol=1e-3, atol=1e-4)
    assert folded(encoder) is encoder
    for_one_size = build_encoder("coatnet_0_rw_224").eval()
    assert folded(for_one_size) is for_one_size
