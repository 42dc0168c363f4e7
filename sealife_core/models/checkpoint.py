"""The portable model: ``model.safetensors`` and ``model.json``. Weights, and all that is needed to use them rightly."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from sealife_core.errors import WeightsError
from sealife_core.models.encoders import FEATURE_DIMS, Encoder, build_encoder
from sealife_core.models.heads import classification_head, projection_head

WEIGHTS, CARD = "model.safetensors", "model.json"


@dataclass(frozen=True)
class ModelCard:
    """What travels with the weights.

    mean, std: of the normalisation, by channel, for images in [0, 1]. classes: in the order of the logits; empty for
    SimCLR. projection: {"kind", "hidden", "out"} of a projection head, or None.
    """

    kind: str
    encoder: str
    stem: str
    feature_dim: int
    classes: list[str]
    image_size_px: int
    mean: list[float]
    std: list[float]
    run: str = ""
    data: str = ""
    data_hash: str = ""
    scores: dict[str, Any] = field(default_factory=dict)
    projection: dict[str, Any] | None = None


def save_model(folder: Path, encoder: Encoder, head: nn.Module | None, card: ModelCard) -> None:
    """Write both files into ``folder``, each whole or not at all; the card last, so that it never lies."""
    parts = {"encoder": encoder} | ({"head": head} if head is not None else {})
    tensors = {
        f"{part}.{name}": value.detach().cpu().contiguous()
        for part, module in parts.items()
        for name, value in module.state_dict().items()
    }
    unfinished = folder / f"{WEIGHTS}.tmp"
    save_file(tensors, unfinished)
    unfinished.replace(folder / WEIGHTS)
    unfinished = folder / f"{CARD}.tmp"
    unfinished.write_text(json.dumps(dataclasses.asdict(card), indent=2, ensure_ascii=False))
    unfinished.replace(folder / CARD)


def load_card(folder: Path) -> ModelCard:
    """Read ``model.json``. Raises WeightsError when it is missing, half written or of another make."""
    path = folder / CARD
    try:
        values = json.loads(path.read_text())
        card = ModelCard(**values)
    except FileNotFoundError:
        raise WeightsError(
            f"There is no model in '{folder.name}': it has no {CARD}. Let the run finish first."
        ) from None
    except (ValueError, TypeError) as error:
        raise WeightsError(f"'{path}' is not a model card ({error}). Train the model again.") from None
    if card.encoder not in FEATURE_DIMS or card.stem not in ("imagenet", "small"):
        raise WeightsError(f"'{path}' names the unknown encoder '{card.encoder}' ({card.stem} stem). Train it again.")
    return card


def load_tensors(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a .safetensors file. Raises WeightsError when it is missing or damaged."""
    try:
        return load_file(path)
    except FileNotFoundError:
        raise WeightsError(f"There is no weights file '{path}'. Check the path, or let the run finish first.") from None
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"'{path}' is not a whole .safetensors file ({error}). Copy or train it again.") from None


def load_model(folder: Path) -> tuple[Encoder, nn.Module | None, ModelCard]:
    """Encoder and head (None where there is none), in eval mode, and their card. Raises WeightsError."""
    card = load_card(folder)
    tensors = load_tensors(folder / WEIGHTS)
    encoder = build_encoder(card.encoder, card.stem)  # type: ignore[arg-type]
    head = _head(card)
    for part, module in (("encoder", encoder), ("head", head)):
        if module is not None:
            own = {name.removeprefix(f"{part}."): t for name, t in tensors.items() if name.startswith(f"{part}.")}
            try:
                module.load_state_dict(own)
            except RuntimeError as error:
                first = str(error).splitlines()[-1].strip()
                raise WeightsError(f"The weights in '{folder.name}' do not fit its {CARD}: {first}") from None
            module.eval()
    return encoder, head, card


def _head(card: ModelCard) -> nn.Module | None:
    if card.classes:
        return classification_head(card.feature_dim, len(card.classes))
    if card.projection is None or card.projection["kind"] == "none":
        return None
    shape = card.projection
    return projection_head(shape["kind"], card.feature_dim, shape["hidden"], shape["out"])
