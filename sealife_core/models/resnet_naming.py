"""Tells whose a file's tensors are: brings other programs' names of a ResNet's tensors to torchvision's."""

import re
from collections.abc import Iterable, Mapping

from torch import Tensor

from sealife_core.models.encoders import ResNetEncoder
from sealife_core.models.facts import RESNETS

# How the children of a ResNet are called where it was wrapped in nn.Sequential, which numbers them: lightly's ResNet
# generator has (conv1, bn1, layer1 …), torchvision's ResNet (conv1, bn1, relu, maxpool, layer1 …).
_LIGHTLY = dict(zip("012345", ("conv1", "bn1", "layer1", "layer2", "layer3", "layer4"), strict=True))
_TORCHVISION = dict(zip("014567", _LIGHTLY.values(), strict=True))
_SAME = {name: name for name in _LIGHTLY.values()}
# The first block of the first layer is there in every ResNet; in this order, since lightly's numbers contain the last.
_LAYOUTS = (("layer1.0.conv1.weight", _SAME), ("2.0.conv1.weight", _LIGHTLY), ("4.0.conv1.weight", _TORCHVISION))

# Blocks in each of the four layers, and whether a block is a bottleneck.
_NETWORKS: dict[tuple[int | bool, ...], str] = {
    (2, 2, 2, 2, False): "resnet18",
    (3, 4, 6, 3, False): "resnet34",
    (3, 4, 6, 3, True): "resnet50",
    (3, 4, 23, 3, True): "resnet101",
    (3, 8, 36, 3, True): "resnet152",
}
_COPY = re.compile(r"momentum|target|teacher|ema|(^|[._])k(ey)?\.")


def torchvision_named(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """A ResNet's tensors among ``tensors``, under torchvision's names, and the names of all others.

    Without a ResNet the first is empty. Any prefix is stripped. Of several networks (MoCo, BYOL) it
    is the one that gradients trained.
    """
    for marker, children in _LAYOUTS:
        prefixes = [n.removesuffix(marker) for n in tensors if n == marker or n.endswith("." + marker)]
        if prefixes:
            prefix = min(prefixes, key=lambda p: (bool(_COPY.search(p)), len(p), p))
            return _renamed(tensors, prefix, children)
    return {}, list(tensors)


def _renamed(
    tensors: Mapping[str, Tensor], prefix: str, children: Mapping[str, str]
) -> tuple[dict[str, Tensor], list[str]]:
    found: dict[str, Tensor] = {}
    others: list[str] = []
    for name, tensor in tensors.items():
        child, _, rest = name.removeprefix(prefix).partition(".")
        if name.startswith(prefix) and child in children:
            found[f"{children[child]}.{rest}".replace(".shortcut.", ".downsample.")] = tensor
        else:
            others.append(name)
    return found, others


def network_of(names: Iterable[str]) -> str | None:
    """The ResNet that tensors of these (torchvision) names belong to, or None."""
    names = set(names)
    blocks = tuple(len({n.split(".")[1] for n in names if n.startswith(f"layer{layer}.")}) for layer in range(1, 5))
    return _NETWORKS.get((*blocks, "layer1.0.conv3.weight" in names))


def unlike(found: Mapping[str, Tensor], encoder: ResNetEncoder) -> str | None:
    """Why tensors ``found`` (torchvision's names) are not those of ``encoder``, and what to do; None if they are.

    Their shapes are compared in ``weights.py``.
    """
    if not any(name.startswith("layer1.") for name in found):
        return "holds no ResNet. Choose the weights of a ResNet."
    network = network_of(found)
    if network is not None and network != encoder.name:
        way_out = f"Set the encoder to {network}" if network in RESNETS else f"Choose the weights of a {encoder.name}"
        return f"holds a {network}, but this run uses a {encoder.name}. {way_out}."
    expected = encoder.state_dict()
    first, own = found.get("conv1.weight"), encoder.conv1.weight
    if first is not None and first.shape != own.shape and first.shape[1:] in ((3, 7, 7), (3, 3, 3)):
        stem = "imagenet" if first.shape[-1] == 7 else "small"
        if stem != encoder.stem:
            return f"was made with the '{stem}' stem, but this run uses '{encoder.stem}'. Set the stem to '{stem}'."
    if odd := sorted(found.keys() ^ expected.keys()):
        which = "lacks" if odd[0] in expected else "has an unknown"
        return f"{which} tensor '{odd[0][:100]}', unlike a {encoder.name}. Choose the weights of a {encoder.name}."
    return None
