"""The table of encoders says what is measured, and any other network of timm is measured."""

import subprocess
import sys

import pytest
import torch

from sealife_core.models.encoder_by_name import empty_encoder
from sealife_core.models.facts import CURATED, OFFERED, published_weights, title_of
from sealife_core.models.known import facts, takes
from sealife_core.models.stage_costs import measured_stages, reductions, torch_file
from sealife_core.models.timm_encoder import TimmEncoder


@pytest.mark.parametrize("name", CURATED)
def test_facts__are_what_is_measured(name: str) -> None:
    known, encoder = CURATED[name], empty_encoder(name, "imagenet")
    assert encoder.feature_dim == known.feature_dim
    assert reductions(encoder) == known.reductions
    for told, measured in zip(known.stages, measured_stages(encoder), strict=True):
        assert told.gmac == pytest.approx(measured.gmac, abs=0.001)
        assert told.parameters == pytest.approx(measured.parameters, abs=0.001)
        assert told.kept_mb == pytest.approx(measured.kept_mb, rel=0.4)
    assert (encoder.mean, encoder.std) == (known.mean, known.std)
    if isinstance(encoder, TimmEncoder):
        config = encoder.net.pretrained_cfg
        assert (encoder.own_px, config["hf_hub_id"]) == (known.own_px, known.hub)
        assert config["license"] == known.licence.lower()
        assert torch_file(config["url"] or "") == known.torch_file
        assert encoder.has_batch_norm == known.batch_norm
        with torch.no_grad():  # of any size
            assert encoder(torch.zeros(1, 3, 48, 48, device="meta")).shape == (1, known.feature_dim)


@pytest.mark.slow
def test_facts__of_another_network_of_timm_are_measured() -> None:
    found = facts("regnety_002")
    assert (found.feature_dim, found.own_px, found.reductions) == (368, 224, (2, 4, 8, 16, 32))
    assert found.parameters == pytest.approx(2.79, abs=0.01)
    assert found.batch_norm
    assert facts("mobilenetv3_small_050").torch_file == "mobilenetv3_small_050_lambc-4b7bbe87.pth"
    assert facts("vit_tiny_patch16_224").torch_file == "", "an archive of NumPy"
    assert (title_of("regnety_002"), published_weights("regnety_002")) == ("regnety_002", "published weights")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("resnet19", "There is no encoder 'resnet19'.*resnet18.*Choose one of these"),
        ("vgg11_bn", "stages of 'vgg11_bn'"),
        ("levit_128s", "'levit_128s' has 4 groups of layers; an encoder needs at least five"),
        ("coat_tiny", "does not say which parts 'coat_tiny' has"),
    ],
)
def test_facts__of_what_is_no_encoder_are_refused(name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        facts(name)


@pytest.mark.parametrize(("name", "size", "taken"), [
    ("tf_efficientnet_lite0", 40, True), ("regnety_002", 40, True), ("efficientformerv2_s0", 96, False),
    ("convnext_tiny", 16, False), ("convnext_tiny", 32, True),
])  # fmt: skip
def test_takes__tells_networks_that_are_made_for_one_size(name: str, size: int, taken: bool) -> None:
    assert takes(name, size) is taken


@pytest.mark.process
def test_facts__of_the_table_need_no_torch() -> None:
    code = (
        f"import sys; from sealife_core.models.known import facts; [facts(name) for name in {OFFERED}];"
        " print('torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
