"""What tests of loaded weights ask: what an encoder carries, and with which sentence it refuses."""

from functools import lru_cache
from typing import Any

import pytest
import torch
from torch import Tensor
from torchvision.models import get_model

from sealife_core.errors import WeightsError
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.encoders import Encoder
from sealife_core.models.weights import load_weights


def hollow(name: str) -> dict[str, Tensor]:
    """The names and shapes of any torchvision network, classifier too: a number stretched over each, a small file."""
    with torch.device("meta"):
        shapes = get_model(name, weights=None).state_dict()
    return {
        name: torch.tensor(place if tensor.is_floating_point() else 0, dtype=tensor.dtype).expand(tensor.shape)
        for place, (name, tensor) in enumerate(shapes.items())
    }


def carries(encoder: Encoder, tensors: dict[str, Tensor]) -> bool:
    return all(torch.equal(value, tensors[name]) for name, value in encoder.state_dict().items())


def refused(encoder: Encoder, spec: str, **more: Any) -> str:
    """The sentence with which ``spec`` is refused; the encoder must be as it was."""
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    with pytest.raises(WeightsError) as caught:
        load_weights(encoder, spec, **more)
    assert carries(encoder, before)
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith(".")
    return text


@lru_cache(4)
def untouched(name: str, stem: str = "imagenet") -> Encoder:
    """An encoder for :func:`refused`, after which it is as it was."""
    return build_encoder(name, stem)
