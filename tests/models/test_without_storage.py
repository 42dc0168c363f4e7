import pytest
import torch
from torch import nn

from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.without_storage import without_storage


@pytest.mark.parametrize("name", ["resnet18", "test_resnet", "test_vit"])
def test_without_storage__a_network_is_of_the_same_tensors_and_none_is_filled(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = build_encoder(name).state_dict()
    monkeypatch.setattr("torch._refs.normal", None)  # what would work out a fill on the meta device
    before = torch.get_rng_state()
    with without_storage():
        empty = build_encoder(name).state_dict()
    assert all(tensor.is_meta for tensor in empty.values())
    assert {k: (t.shape, t.stride(), t.dtype) for k, t in empty.items()} == {
        k: (t.shape, t.stride(), t.dtype) for k, t in stored.items()
    }
    assert torch.equal(torch.get_rng_state(), before)


def test_without_storage__what_has_storage_nevertheless_is_filled() -> None:
    with without_storage():
        kept = nn.init.ones_(torch.empty(3, device="cpu")).mul_(2)
    assert kept.tolist() == [2, 2, 2]
