"""The encoder that a run starts from, and where its weights come from: random, ImageNet, an earlier run, a file."""

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import torch
from torch import Tensor

from sealife_core.durable import replacing
from sealife_core.errors import WeightsError
from sealife_core.folders import checkpoints_root, path_of
from sealife_core.models.checkpoint import CARD_FILE, WEIGHTS_FILE, ModelCard, load_card, read_safetensors
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.encoders import Encoder, ResNetEncoder
from sealife_core.models.facts import RESNETS, TIMM_PREFIX, published_weights, resolve_stem, title_of
from sealife_core.models.imagenet import by_hand, fetch_from_hub, imagenet_files
from sealife_core.models.resnet_naming import torchvision_named, unlike
from sealife_core.models.tensor_files import read_tensors
from sealife_core.wording import counted

DOWNLOAD_TIMEOUT_S = 10  # without an answer, not for the whole file: a machine without internet hears so at once


def starting_encoder(
    weights: str, name: str, stem: str, image_size_px: int, *, root: Path | None = None
) -> tuple[Encoder, str]:
    """The encoder ``name`` with its starting ``weights``, and a sentence that says where they came from.

    stem: as in a config; weights of a run bring their own. Raises WeightsError.
    """
    card = source_card(weights, root=root)
    if card is not None and card.encoder != name:
        raise WeightsError(
            f"The weights '{weights}' are those of {title_of(card.encoder)}, but this run uses {title_of(name)}."
            f" Set the encoder to {card.encoder}."
        )
    encoder = build_encoder(name, card.stem if card is not None else resolve_stem(stem, weights, image_size_px, name))
    return encoder, load_weights(encoder, weights, root=root)


def load_weights(encoder: Encoder, spec: str, *, root: Path | None = None) -> str:
    """Fill ``encoder`` with the weights of ``spec`` and say in a sentence where they came from.

    spec: "random" (left as built), "imagenet", "run:ID" (below ``root``) or "file:PATH" (.safetensors, or
    what torch.save wrote; torchvision's, lightly's or this package's names, with any prefix). The encoder is untouched
    unless all weights fit. Raises WeightsError, with the way out.
    """
    source, _, rest = spec.partition(":")
    if spec == "random":
        return "The encoder starts from random weights."
    if spec == "imagenet":
        path, version = _imagenet_file(encoder)
        _fill(encoder, read_tensors(path), f"{path}")
        return f"The encoder starts from {published_weights(encoder.name)} ({version}, {path})."
    if source == "run":
        folder = _run_folder(rest, root)
        card = load_card(folder)
        _fill(encoder, read_safetensors(folder / WEIGHTS_FILE), f"The model of run '{rest}'")
        return f"The encoder starts from run '{rest}' ({card.kind} on '{card.data}')."
    if source == "file" and rest:
        path = _named_file(rest)
        left_out = _fill(encoder, read_tensors(path), f"{path}")
        others = ""
        if left_out:
            others = counted(len(left_out), "tensor that is", "tensors that are")
            others = f", without {others} not the encoder's ('{left_out[0][:100]}', …)"
        return f"The encoder starts from the file {path}{others}."
    raise WeightsError(f"There are no weights '{spec}'. Expected 'random', 'imagenet', 'run:ID' or 'file:PATH'.")


def source_card(spec: str, root: Path | None = None) -> ModelCard | None:
    """The card of the model that ``spec`` names; None where weights have none (random, ImageNet, a bare file).

    A run that takes over an encoder takes over its name, stem and normalisation. Raises WeightsError.
    """
    source, _, rest = spec.partition(":")
    if source == "run":
        return load_card(_run_folder(rest, root))
    if source == "file":
        path = _named_file(rest)
        if path.name == WEIGHTS_FILE and (path.parent / CARD_FILE).is_file():
            return load_card(path.parent)
    return None


def _fill(encoder: Encoder, tensors: dict[str, Tensor], what: str) -> list[str]:
    """Load what is the encoder's of ``tensors``; returns the names left out. Raises WeightsError unless all fits."""
    found, left_out, problem_of = _own(encoder, tensors)
    # Checkpoints of before torch 0.4.1 do not count batches; nothing is computed from the count.
    counts = {name.replace("running_mean", "num_batches_tracked") for name in found if name.endswith("running_mean")}
    found = dict.fromkeys(counts, torch.tensor(0)) | found
    if problem := problem_of(found) or _wrong_shape(found, encoder):
        raise WeightsError(f"{what} {problem}")
    if odd := next((f"'{name}' {kind}" for name, each in found.items() if (kind := _odd_kind(name, each))), None):
        raise WeightsError(
            f"{what} holds {odd}; expected plain tensors of floating-point numbers. Convert them, save the state_dict()"
            " again, and choose that file."
        )
    # There is no isfinite for numbers of 8 bits.
    if spoiled := [name for name, tensor in found.items() if not tensor.float().isfinite().all()]:
        raise WeightsError(
            f"{what} holds NaN or infinite numbers ('{spoiled[0]}'). Choose weights of a run that trained well."
        )
    encoder.load_state_dict(found)
    return left_out


def _own(
    encoder: Encoder, tensors: dict[str, Tensor]
) -> tuple[dict[str, Tensor], list[str], Callable[[dict[str, Tensor]], str | None]]:
    """The encoder's tensors, the names of all others, and what tells why the first are no weights of it."""
    if isinstance(encoder, ResNetEncoder):
        return *torchvision_named(tensors), partial(unlike, encoder=encoder)
    from sealife_core.models.timm_encoder import TimmEncoder
    from sealife_core.models.timm_naming import timm_named, unlike_timm

    assert isinstance(encoder, TimmEncoder)
    return *timm_named(tensors, encoder), partial(unlike_timm, encoder=encoder)


def _wrong_shape(found: dict[str, Tensor], encoder: Encoder) -> str | None:
    for name, tensor in encoder.state_dict().items():
        if found[name].shape != tensor.shape:
            return (
                f"has a tensor '{name.removeprefix(TIMM_PREFIX)}' of shape {tuple(found[name].shape)}; a"
                f" {encoder.name} has {tuple(tensor.shape)}. Choose the weights of a {encoder.name}."
            )
    return None


def _odd_kind(name: str, tensor: Tensor) -> str:
    """What is unusual about a tensor that an encoder cannot take over; "" if nothing is."""
    if tensor.is_meta:
        return "without values (on the meta device)"
    if tensor.is_nested or tensor.layout != torch.strided:
        return f"as a tensor that is {'nested' if tensor.is_nested else 'sparse'}"
    if tensor.is_quantized:
        return "as a quantised tensor"
    # Whatever counts batches may be written: it is not computed with.
    usable = tensor.is_floating_point() or (name.endswith("num_batches_tracked") and not tensor.is_complex())
    return "" if usable else f"as {str(tensor.dtype).removeprefix('torch.')} numbers"


def _run_folder(run_id: str, root: Path | None) -> Path:
    """The folder of a run that has a model."""
    root = root or checkpoints_root()
    folder = root / run_id
    if run_id not in (path.name for path in root.glob("*")):  # not "..", nor any other way out of the root
        usable = sorted((card.parent.name for card in root.glob(f"*/{CARD_FILE}")), reverse=True)
        have = f"runs with a model: {', '.join(usable[:5])}" if usable else "no run has a model yet"
        more = f" and {len(usable) - 5} more" if len(usable) > 5 else ""
        raise WeightsError(f"There is no run '{run_id}' to start from; {have}{more}.")
    if not (folder / CARD_FILE).is_file() or not (folder / WEIGHTS_FILE).is_file():
        raise WeightsError(
            f"Run '{run_id}' has no model yet. Wait until it has finished, or stop it to keep what it has learned."
        )
    return folder


def _named_file(name: str) -> Path:
    path = path_of(name)
    return path / WEIGHTS_FILE if path.is_dir() else path


def _imagenet_file(encoder: Encoder) -> tuple[Path, str]:
    """A file of ImageNet weights for ``encoder`` and its version: one that is there, else downloaded."""
    if encoder.stem != "imagenet":
        raise WeightsError(
            f"ImageNet weights were made with the 'imagenet' stem, but this run uses '{encoder.stem}'."
            " Set the stem to 'auto' or 'imagenet', or the weights to 'random'."
        )
    files = list(imagenet_files(encoder.name))
    for path, version, _ in files:
        if path.is_file():
            return path, version
    if not files:
        raise WeightsError(by_hand(encoder.name))
    path, version, address = files[0]
    try:
        if encoder.name in RESNETS:
            _download(address, path)
        else:
            path = fetch_from_hub(encoder.name)
    except OSError as error:  # URLError and timeouts are of this kind
        print(f"{address}: {error}", flush=True)
        why = "there is no internet" if isinstance(error, URLError) else error.strerror or str(error)
        named = f"{published_weights(encoder.name)} of {title_of(encoder.name)}"
        raise WeightsError(
            f"The {named} are not on this machine and could not be downloaded: {why}. {by_hand(encoder.name)}"
        ) from None
    return path, version


def _download(address: str, path: Path) -> None:
    """Fetch ``address`` into ``path``, whole or not at all. Raises OSError, also if something else arrives.

    torchvision's file names end in the first digits of the content's SHA-256.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with replacing(path) as file, urlopen(address, timeout=DOWNLOAD_TIMEOUT_S) as answer:
        while block := answer.read(1 << 20):
            digest.update(block)
            file.write(block)
        if not digest.hexdigest().startswith(path.stem.rpartition("-")[2]):
            raise OSError("the downloaded file has a wrong checksum")
