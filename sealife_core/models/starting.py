"""The encoder that a run starts from: built, filled with its weights, or refused with a sentence."""

from pathlib import Path

from sealife_core.errors import WeightsError
from sealife_core.models.building import build_encoder
from sealife_core.models.encoders import Encoder
from sealife_core.models.facts import resolve_stem, title_of
from sealife_core.models.weights import load_weights, source_card


def starting_encoder(
    weights: str, name: str, stem: str, image_size_px: int, *, checkpoints_root: Path | None = None
) -> tuple[Encoder, str]:
    """The encoder ``name`` with its starting ``weights``, and a sentence that says where they came from.

    stem: as in a config; weights of a run bring their own. Raises WeightsError.
    """
    card = source_card(weights, checkpoints_root=checkpoints_root)
    if card is not None and card.encoder != name:
        raise WeightsError(
            f"The weights '{weights}' are those of {title_of(card.encoder)}, but this run uses {title_of(name)}."
            f" Set the encoder to {card.encoder}."
        )
    encoder = build_encoder(name, card.stem if card is not None else resolve_stem(stem, weights, image_size_px, name))
    return encoder, load_weights(encoder, weights, checkpoints_root=checkpoints_root)
