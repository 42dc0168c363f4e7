"""The portable model: ``model.safetensors`` (tensors only) and ``model.json`` (what must be known to use them).

The two files in one folder are all that :func:`load_model` needs; they can be copied anywhere. The tensors are called
``encoder.*`` (then as in torchvision's ResNet, or ``net.`` and as in timm) and ``head.*``.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from sealife_core.durable import replace_by_path, replace_file
from sealife_core.errors import WeightsError
from sealife_core.models.encoder_by_name import empty_encoder
from sealife_core.models.encoders import Encoder
from sealife_core.models.heads import classification_head, projection_head
from sealife_core.models.known import facts
from sealife_core.models.losses import full_precision
from sealife_core.opening import json_in, open_regular
from sealife_core.wording import counted

WEIGHTS_FILE, CARD_FILE = "model.safetensors", "model.json"
_MOST_CARD_BYTES = 64 * 2**20  # a card with 100,000 classes has 3 MB
_LARGEST_HALF = float(torch.finfo(torch.float16).max)
FORMAT = 1  # of the two files; raised when an older reader would misread them


@dataclass(frozen=True)
class ModelCard:
    """What must travel with the weights.

    kind: "simclr" or "classifier". encoder, stem, feature_dim: as in encoders.py. classes: the label of each logit, []
    for simclr. image_size_px, mean, std: how an image becomes the encoder's input (side of the square; per colour, of
    values in 0 … 1). run, data, data_hash: where it came from. scores: what it reached. projection: kind, hidden and
    out of the projection head, or None. broken: what was broken in it on purpose, in words.
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
    broken: str = ""


_CARDS = TypeAdapter(ModelCard)


def save_model(folder: Path, encoder: Encoder, head: nn.Module | None, card: ModelCard, *, half: bool = False) -> None:
    """Write both files into ``folder``, each whole or not at all. Raises ValueError if ``card`` is another model's.

    half: matrices and kernels take 16 bits a number, the few other numbers stay as they are.
    """
    modules = _modules(encoder, head)
    expected = _modules(*_build(card, with_head=head is not None)).state_dict()
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in modules.state_dict().items()}
    if half:
        tensors = {name: tensor.half() if _fits_half(tensor) else tensor for name, tensor in tensors.items()}
    if _shapes(tensors) != _shapes(expected):
        raise ValueError(f"The card ({card.encoder}, {card.kind}) does not describe the model that is to be saved.")
    values = json.loads(
        _CARDS.dump_json(card, fallback=lambda array: array.tolist())
    )  # what is not finite becomes null
    content = json.dumps({"format": FORMAT} | values, indent=2, ensure_ascii=False)
    folder.mkdir(parents=True, exist_ok=True)
    replace_by_path(folder / WEIGHTS_FILE, lambda path: save_file(tensors, path, metadata={"format": "pt"}))
    replace_file(folder / CARD_FILE, content + "\n")


def load_model(folder: Path) -> tuple[Encoder, nn.Module | None, ModelCard]:
    """Encoder, head (None if none was saved) and card from ``folder``, ready to use: in ``eval()``, on the CPU.

    Raises WeightsError if a file is missing, damaged, or does not fit the other. Draws no random number.
    """
    card = load_card(folder)
    tensors = read_safetensors(folder / WEIGHTS_FILE)
    encoder, head = _build(card, with_head=any(name.startswith("head.") for name in tensors))
    modules = _modules(encoder, head)
    expected = modules.state_dict()
    if _shapes(tensors) != _shapes(expected):
        wrong = sorted(dict(_shapes(tensors).items() ^ _shapes(expected).items()))
        raise WeightsError(
            f"{WEIGHTS_FILE} and {CARD_FILE} in {folder} do not belong together: {CARD_FILE} says {card.encoder} with"
            f" the '{card.stem}' stem, but {counted(len(wrong), 'tensor differs', 'tensors differ')} ('{wrong[0]}'"
            " first)."
            " Copy both files from the same run."
        )
    tensors = {name: full_precision(each) if each.is_floating_point() else each for name, each in tensors.items()}
    modules.load_state_dict(tensors, assign=True)
    return encoder.eval(), head.eval() if head is not None else None, card


def load_card(folder: Path) -> ModelCard:
    """The card in ``folder``. Raises WeightsError if it is missing or damaged."""
    path = folder / CARD_FILE
    try:
        values = json_in(path, _MOST_CARD_BYTES)
    except FileNotFoundError:
        raise WeightsError(
            f"There is no model in {folder}: {CARD_FILE} is missing. Choose the folder of a finished run."
        ) from None
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"{path} cannot be read ({error}). Copy it again from its source, or train the run again."
        ) from None
    return _card(path, values)


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """Name → tensor of a safetensors file. Raises WeightsError if it is missing or damaged."""
    try:
        with open_regular(path) as file:
            return load_file(f"/dev/fd/{file.fileno()}")  # by its path another file could be read than was checked
    except FileNotFoundError:
        raise WeightsError(f"There is no file {path}. Choose an existing weights file.") from None
    except (OSError, SafetensorError) as error:
        raise WeightsError(
            f"{path} is damaged or is not a safetensors file ({error}). Copy it again from its source."
        ) from None


def _card(path: Path, values: Any) -> ModelCard:
    if not isinstance(values, dict):
        raise WeightsError(f"{path} does not describe a model; expected an object. Copy it again from its source.")
    if (version := values.get("format")) != FORMAT:
        raise WeightsError(f"{path} has format {version!r}; this version reads {FORMAT}. Update the program.")
    try:
        card = _CARDS.validate_json(json.dumps(values), strict=True)  # strict Python input would have to be a ModelCard
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise WeightsError(
            f"{path} does not describe a model ('{where}': {first['msg']}). Copy it again from its source."
        ) from None
    fits = (
        card.kind in (("classifier",) if card.classes else ("simclr", "embed"))
        and _feature_dim(card.encoder) == card.feature_dim
        and card.stem in ("imagenet", "small")
        and card.image_size_px > 0
        and len(card.mean) == len(card.std) == 3
        and min(card.std) > 0
        and (card.projection is None or card.projection.keys() == {"kind", "hidden", "out"})
    )
    if not fits:
        raise WeightsError(f"{path} contradicts itself or names an unknown model. Copy it again from its source.")
    return card


def _feature_dim(encoder: str) -> int | None:
    try:
        return facts(encoder).feature_dim
    except ValueError:
        return None


def _build(card: ModelCard, *, with_head: bool) -> tuple[Encoder, nn.Module | None]:
    """Modules without storage, as ``card`` describes them."""
    encoder = empty_encoder(card.encoder, card.stem)
    if not with_head:
        return encoder, None
    with torch.device("meta"):
        if card.kind == "classifier":
            return encoder, classification_head(card.feature_dim, len(card.classes))
        return encoder, projection_head(d_in=card.feature_dim, **(card.projection or {"kind": "none"}))


def _modules(encoder: nn.Module, head: nn.Module | None) -> nn.ModuleDict:
    return nn.ModuleDict({"encoder": encoder} if head is None else {"encoder": encoder, "head": head})


def _fits_half(tensor: Tensor) -> bool:
    return tensor.ndim > 1 and tensor.is_floating_point() and float(tensor.abs().max()) < _LARGEST_HALF


def _shapes(tensors: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    """Shapes, each with whether the numbers are floating-point: whole ones would be taken over as they are."""
    return {name: (tensor.is_floating_point(), *tensor.shape) for name, tensor in tensors.items()}
