"""Builds an encoder by its name: torchvision's ResNets, or any network of timm."""

from typing import cast

from sealife_core.models.encoders import Encoder, ResNetEncoder
from sealife_core.models.facts import RESNETS, StemName
from sealife_core.models.without_storage import without_storage


def build_encoder(name: str, stem: str = "imagenet") -> Encoder:
    """An encoder with random weights. Raises ValueError for a name or a stem that does not exist."""
    if stem not in ("imagenet", "small"):
        raise ValueError(f"There is no stem {stem!r}; there are 'imagenet' and 'small' ('auto' must be resolved).")
    if name in RESNETS:
        return ResNetEncoder(name, cast(StemName, stem))
    if stem == "small":
        raise ValueError(f"Only {', '.join(RESNETS)} have a 'small' stem; got {name}. Set the stem to 'auto'.")
    from sealife_core.models.timm_encoder import TimmEncoder  # timm takes a second to import

    return TimmEncoder(name)


def empty_encoder(name: str, stem: str) -> Encoder:
    """An encoder without storage, to be filled with ``load_state_dict(..., assign=True)``: draws no random number."""
    with without_storage():
        return build_encoder(name, stem)
