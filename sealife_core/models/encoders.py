"""Encoders: images → features.

Whatever the network, an encoder is seen as five stages from the pixels up: stem, layer1, layer2, layer3, layer4. Here
are torchvision's ResNets; ``timm_encoder.py`` has the networks of timm.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle
from torchvision.models import get_model
from torchvision.models.resnet import ResNet

from sealife_core.models.facts import CURATED, STAGE_NAMES, StemName

Normalisation = Literal["trains", "alone", "kept"]
_BLANK_PX = 32  # the smallest image that every encoder takes
End = tuple[nn.Module, bool]  # a module, and whether a stage ends with what it gets instead of what it gives

_BATCH_NORM = nn.modules.batchnorm._BatchNorm
_NORMALISING = (_BATCH_NORM, nn.LayerNorm, nn.GroupNorm)


class Encoder(nn.Module):
    """A network without its classifier: images → ``feature_dim`` features, not normalised.

    mean, std: what its input is normalised with, per colour, of values in 0 … 1.
    """

    name: str
    stem: StemName = "imagenet"
    feature_dim: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    trained_stages = len(STAGE_NAMES)
    normalisation: Normalisation = "trains"

    @property
    def stages(self) -> list[tuple[str, nn.Module]]:
        """(name, module) of the five stages, from the pixels up; together they hold every parameter once."""
        raise NotImplementedError

    @property
    def ends(self) -> dict[str, End]:
        """Stage → where its maps are: the module that gives them, or the one that gets them."""
        raise NotImplementedError

    def maps(self, given: Float[Tensor, "n ..."]) -> Float[Tensor, "n c h w"]:
        """What a stage ends with, as maps."""
        return given

    def at_ends(self, keep: Callable[[str, Float[Tensor, "n ..."]], None], *names: str) -> list[RemovableHandle]:
        """Hooks that call ``keep`` with the name of each stage in ``names`` and what it ends with; see :meth:`maps`."""

        def kept(name: str, *passed: Any) -> None:
            keep(name, passed[-1] if isinstance(passed[-1], Tensor) else passed[-1][0])

        def hook(name: str) -> RemovableHandle:
            module, before = self.ends[name]
            register = module.register_forward_pre_hook if before else module.register_forward_hook
            return register(partial(kept, name))

        return [hook(name) for name in names]

    def until(self, stage: str, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n ..."]:
        """What ``stage`` ends with for normalised images; the stages behind it are not computed."""
        found: list[Tensor] = []

        def keep(_: str, given: Tensor) -> None:
            found.append(given)
            raise _Reached

        (handle,) = self.at_ends(keep, stage)
        try:
            self(images)
        except _Reached:
            return found[0]
        finally:
            handle.remove()
        raise AssertionError(f"{self.name} ended before its {stage} did")

    def after(self, stage: str, given: Float[Tensor, "n ..."]) -> Float[Tensor, "n d"]:
        """Features of what ``stage`` ended with: ``after(stage, until(stage, images))`` is ``self(images)``.

        The stages before it get one small blank image; ``given`` takes the place of what they make of it.
        """
        module, before = self.ends[stage]
        if before:
            handle = module.register_forward_pre_hook(lambda _, passed: (given, *passed[1:]))
        else:
            handle = module.register_forward_hook(lambda *_: given)
        try:
            return self(given.new_zeros((1, 3, _BLANK_PX, _BLANK_PX), dtype=torch.float32))
        finally:
            handle.remove()

    def train_stages(self, deepest: int, normalisation: Normalisation = "trains") -> "Encoder":
        """Let the ``deepest`` stages learn (0 … 5) and freeze the others: no gradients, and BatchNorm in evaluation.

        normalisation: in the stages that learn, "alone" freezes all weights but those of normalisation layers; "kept"
        leaves BatchNorm's statistics as they are, and trains everything. What is frozen stays so when ``train()`` is
        called, by Lightning or anyone else.
        """
        if not 0 <= deepest <= len(STAGE_NAMES):
            raise ValueError(f"{deepest} trained stages asked for; an encoder has 0 to {len(STAGE_NAMES)}.")
        self.trained_stages, self.normalisation = deepest, normalisation
        for position, (_, stage) in enumerate(self.stages):
            learns = position >= len(STAGE_NAMES) - deepest
            for part in stage.modules():
                its = learns and (normalisation != "alone" or isinstance(part, _NORMALISING))
                for parameter in part.parameters(recurse=False):
                    parameter.requires_grad_(its)
        return self.train(self.training)

    def train(self, mode: bool = True) -> "Encoder":
        """Training mode for the stages that learn. ``requires_grad`` alone would let BatchNorm statistics drift."""
        super().train(mode)
        for _, stage in self.stages[: len(STAGE_NAMES) - self.trained_stages]:
            stage.eval()
        if self.normalisation == "kept":
            for part in self.modules():
                if isinstance(part, _BATCH_NORM):
                    part.eval()
        return self


class _Reached(Exception):
    """The stage that was asked for has ended: the rest of the network need not be computed."""


class ResNetEncoder(Encoder):
    """A torchvision ResNet up to its average pool; its parameters keep torchvision's names.

    name: "resnet18", "resnet34" or "resnet50". stem: "imagenet" (7×7 convolution of stride 2, max-pool: H/4) or
    "small" (3×3 convolution, no max-pool: H). Weights are random, as torchvision draws them.
    """

    def __init__(self, name: str, stem: StemName = "imagenet") -> None:
        super().__init__()
        net = cast(ResNet, get_model(name, weights=None))
        known = CURATED[name]
        self.name, self.feature_dim, self.mean, self.std = name, known.feature_dim, known.mean, known.std
        self.stem = stem
        self.conv1, self.bn1, self.relu, self.maxpool = net.conv1, net.bn1, net.relu, net.maxpool
        if stem == "small":
            self.conv1 = nn.Conv2d(3, 64, kernel_size=3, stride=1, padding=1, bias=False)
            nn.init.kaiming_normal_(self.conv1.weight, mode="fan_out", nonlinearity="relu")
            self.maxpool = nn.Identity()
        self.layer1, self.layer2, self.layer3, self.layer4 = net.layer1, net.layer2, net.layer3, net.layer4

    def forward(self, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "_ {self.feature_dim}"]:
        """Features of normalised images, or of what :meth:`after` puts in their place."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return x.mean(dim=(2, 3))

    @property
    def stages(self) -> list[tuple[str, nn.Module]]:
        """The stem's four modules as one, and the four layers."""
        stem = nn.Sequential(self.conv1, self.bn1, self.relu, self.maxpool)
        return list(zip(STAGE_NAMES, (stem, self.layer1, self.layer2, self.layer3, self.layer4), strict=True))

    @property
    def ends(self) -> dict[str, End]:
        """What the max-pool and the four layers give."""
        parts = (self.maxpool, self.layer1, self.layer2, self.layer3, self.layer4)
        return {name: (part, False) for name, part in zip(STAGE_NAMES, parts, strict=True)}
