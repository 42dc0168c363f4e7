"""ResNets as encoders: images in, features out, in five stages that can be frozen from the front."""

from typing import Literal

import torchvision.models
from torch import Tensor, nn

StemName = Literal["imagenet", "small"]
FEATURE_DIMS = {"resnet18": 512, "resnet34": 512, "resnet50": 2048}
SMALL_STEM_UP_TO_PX = 40  # an image of 32 px leaves the ImageNet stem as 8 × 8: too little (SimCLR, appendix B.9)


class Encoder(nn.Module):
    """(n, 3, H, W) float images, normalised → (n, D) features: a ResNet (arXiv 1512.03385) without its last layer.

    Its parts bear torchvision's names, so that torchvision's weights fit as they are. stem: ``imagenet`` is 7 × 7 with
    stride 2 and a max-pool; ``small`` is 3 × 3 with stride 1 and none.
    """

    def __init__(self, name: str, stem: StemName) -> None:
        super().__init__()
        network = getattr(torchvision.models, name)(weights=None)
        self.name, self.stem, self.feature_dim = name, stem, FEATURE_DIMS[name]
        self.conv1, self.bn1, self.relu = network.conv1, network.bn1, network.relu
        self.maxpool: nn.Module = network.maxpool
        if stem == "small":
            self.conv1 = nn.Conv2d(3, 64, kernel_size=3, stride=1, padding=1, bias=False)
            nn.init.kaiming_normal_(self.conv1.weight, mode="fan_out", nonlinearity="relu")
            self.maxpool = nn.Identity()
        self.layer1, self.layer2 = network.layer1, network.layer2
        self.layer3, self.layer4 = network.layer3, network.layer4
        self.pool = nn.AdaptiveAvgPool2d(1)
        self._trained_stages = 5

    @property
    def stages(self) -> list[tuple[str, nn.Module]]:
        """The five stages, front to back: stem, layer1, layer2, layer3, layer4."""
        stem = nn.Sequential(self.conv1, self.bn1, self.relu, self.maxpool)
        return [("stem", stem), *((f"layer{i}", getattr(self, f"layer{i}")) for i in (1, 2, 3, 4))]

    def forward(self, images: Tensor) -> Tensor:
        """(n, 3, H, W) → (n, D)."""
        for _, stage in self.stages:
            images = stage(images)
        return self.pool(images).flatten(1)

    def train_stages(self, count: int) -> None:
        """Let the deepest ``count`` stages learn and freeze the others: no gradients, and BatchNorm stays in eval mode.

        Without the second, a frozen network's running statistics would drift with every batch.
        """
        if not 0 <= count <= 5:
            raise ValueError(f"An encoder has 5 stages; got {count} to train, expected 0 to 5.")
        self._trained_stages = count
        for number, (_, stage) in enumerate(self.stages):
            stage.requires_grad_(number >= 5 - count)
        self.train(self.training)

    def train(self, mode: bool = True) -> "Encoder":
        """As ``nn.Module.train``, but frozen stages stay in eval mode."""
        super().train(mode)
        for _, stage in self.stages[: 5 - self._trained_stages]:
            stage.eval()
        return self


def build_encoder(name: str, stem: StemName) -> Encoder:
    """An encoder with random weights. Raises ValueError for a name or stem that is not there."""
    if name not in FEATURE_DIMS:
        raise ValueError(f"There is no encoder '{name}'; expected one of {', '.join(FEATURE_DIMS)}.")
    if stem not in ("imagenet", "small"):
        raise ValueError(f"There is no stem '{stem}'; expected 'imagenet' or 'small'.")
    return Encoder(name, stem)


def feature_dim(name: str) -> int:
    """Length D of the features of ``name``."""
    return FEATURE_DIMS[name]


def resolve_stem(stem: str, weights: str, image_size_px: int) -> StemName:
    """What ``auto`` means: the stem that ``weights`` were made with, else ``small`` for images up to 40 px."""
    if stem == "imagenet" or stem == "small":
        return stem
    if weights == "imagenet" or weights.startswith("file:"):
        return "imagenet"
    return "small" if image_size_px <= SMALL_STEM_UP_TO_PX else "imagenet"
