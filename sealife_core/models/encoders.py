"""Encoders: images (n, 3, H, W) → features (n, D).

An encoder is a torchvision ResNet without its classifier, seen as five stages from the pixels up: stem, layer1, layer2,
layer3, layer4. Its parameters keep torchvision's names, so its weights are of use without this package.
"""

from typing import Literal, cast

import torch
from torch import Tensor, nn
from torchvision.models import get_model
from torchvision.models.resnet import ResNet

from sealife_core.models.pointwise import PointwiseConv2d
from sealife_core.models.winograd import WinogradConv2d

FEATURE_DIMS = {"resnet18": 512, "resnet34": 512, "resnet50": 2048}
STAGE_NAMES = ("stem", "layer1", "layer2", "layer3", "layer4")
# CIFAR-size pictures: the ImageNet stem would leave a 32 px image 8 px before the first block (SimCLR, appendix B.9).
SMALL_STEM_UP_TO_PX = 40

StemName = Literal["imagenet", "small"]


class Encoder(nn.Module):
    """A ResNet up to its average pool. Images (n, 3, H, W) → features (n, ``feature_dim``), not normalised.

    name: "resnet18", "resnet34" or "resnet50". stem: "imagenet" (7×7 convolution of stride 2, max-pool: H/4) or
    "small" (3×3 convolution, no max-pool: H). Weights are random, as torchvision draws them.
    """

    def __init__(self, name: str, stem: StemName = "imagenet") -> None:
        super().__init__()
        net = cast(ResNet, get_model(name, weights=None))
        self.name, self.stem, self.feature_dim = name, stem, FEATURE_DIMS[name]
        self.conv1, self.bn1, self.relu, self.maxpool = net.conv1, net.bn1, net.relu, net.maxpool
        if stem == "small":
            self.conv1 = nn.Conv2d(3, 64, kernel_size=3, stride=1, padding=1, bias=False)
            nn.init.kaiming_normal_(self.conv1.weight, mode="fan_out", nonlinearity="relu")
            self.maxpool = nn.Identity()
        self.layer1, self.layer2, self.layer3, self.layer4 = net.layer1, net.layer2, net.layer3, net.layer4
        WinogradConv2d.take_over(self)
        PointwiseConv2d.take_over(self)
        self.trained_stages = len(STAGE_NAMES)

    def forward(self, images: Tensor) -> Tensor:
        """Normalised images (n, 3, H, W) → features (n, feature_dim)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return x.mean(dim=(2, 3))

    @property
    def stages(self) -> list[tuple[str, nn.Module]]:
        """(name, module) of the five stages, from the pixels up; together they hold every parameter once."""
        stem = nn.Sequential(self.conv1, self.bn1, self.relu, self.maxpool)
        return list(zip(STAGE_NAMES, (stem, self.layer1, self.layer2, self.layer3, self.layer4), strict=True))

    def train_stages(self, deepest: int) -> "Encoder":
        """Let the ``deepest`` stages learn (0 … 5) and freeze the others: no gradients, and BatchNorm in evaluation.

        Frozen stages stay so when ``train()`` is called, by Lightning or anyone else.
        """
        if not 0 <= deepest <= len(STAGE_NAMES):
            raise ValueError(f"{deepest} trained stages asked for; an encoder has 0 to {len(STAGE_NAMES)}.")
        self.trained_stages = deepest
        for position, (_, stage) in enumerate(self.stages):
            stage.requires_grad_(position >= len(STAGE_NAMES) - deepest)
        return self.train(self.training)

    def train(self, mode: bool = True) -> "Encoder":
        """Training mode for the stages that learn. ``requires_grad`` alone would let BatchNorm statistics drift."""
        super().train(mode)
        for _, stage in self.stages[: len(STAGE_NAMES) - self.trained_stages]:
            stage.eval()
        return self


def build_encoder(name: str, stem: str = "imagenet") -> Encoder:
    """An encoder with random weights. Raises ValueError for a name or a stem there is not."""
    if name not in FEATURE_DIMS:
        raise ValueError(f"There is no encoder {name!r}; there are {', '.join(FEATURE_DIMS)}.")
    if stem not in ("imagenet", "small"):
        raise ValueError(f"There is no stem {stem!r}; there are 'imagenet' and 'small' ('auto' must be resolved).")
    return Encoder(name, cast(StemName, stem))


def empty_encoder(name: str, stem: str) -> Encoder:
    """An encoder without storage, to be filled with ``load_state_dict(..., assign=True)``: draws no random number."""
    with torch.device("meta"):
        return build_encoder(name, stem)


def feature_dim(name: str) -> int:
    """D of the features of encoder ``name``."""
    return FEATURE_DIMS[name]


def resolve_stem(stem: str, weights: str, image_size_px: int) -> StemName:
    """The stem that ``stem`` means: 'auto' is 'small' for small images and random weights, else 'imagenet'."""
    if stem != "auto":
        return cast(StemName, stem)
    return "small" if weights == "random" and image_size_px <= SMALL_STEM_UP_TO_PX else "imagenet"
