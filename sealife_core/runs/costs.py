"""What an encoder costs: multiply-adds, parameters and memory of each of its stages."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """One of five stages of an encoder on one image of 224 px with the ImageNet stem, as measured with torchvision's.

    ``gmac``: 10⁹ multiply-adds forward. ``parameters``: millions. ``kept_mb``: 10⁶ bytes kept for the way back, fp32.
    """

    gmac: float
    parameters: float
    kept_mb: float


_STEM = Stage(0.118, 0.010, 8.6)
STAGES: dict[str, tuple[Stage, ...]] = {
    "resnet18": (
        _STEM,
        Stage(0.462, 0.148, 7.2),
        Stage(0.411, 0.526, 4.4),
        Stage(0.411, 2.100, 2.3),
        Stage(0.411, 8.394, 1.2),
    ),
    "resnet34": (
        _STEM,
        Stage(0.694, 0.222, 10.5),
        Stage(0.873, 1.116, 7.7),
        Stage(1.336, 6.822, 5.6),
        Stage(0.642, 13.114, 1.7),
    ),
    "resnet50": (
        _STEM,
        Stage(0.668, 0.216, 33.0),
        Stage(1.028, 1.220, 26.7),
        Stage(1.464, 7.098, 18.6),
        Stage(0.809, 14.965, 6.0),
    ),
}
FEATURES = {"resnet18": 512, "resnet34": 512, "resnet50": 2048}
# The small stem keeps the image's size where ImageNet's divides its side by four: every later stage sees 16 × the
# pixels. Its own 3×3 convolution at full size costs 27·64·224² multiply-adds against 147·64·112², and keeps as much
# as a convolution and a normalisation of 64 channels at 224 px (2·4·64·224² bytes).
_SMALL_STEM = Stage(0.087, 0.002, 25.7)
_SMALL_TIMES = 16


def gmac_an_image(
    encoder: str, stem: str, image_size_px: int, *, trained_stages: int = 5, views: int = 1, forward_only: bool = False
) -> float:
    """10⁹ multiply-adds that one image costs: one way there, and two ways back through what is trained."""
    stages = stages_of(encoder, stem)
    there = sum(stage.gmac for stage in stages)
    back = 0.0 if forward_only else 2 * sum(stage.gmac for stage in stages[len(stages) - trained_stages :])
    return views * (there + back) * (image_size_px / 224) ** 2


def stages_of(encoder: str, stem: str) -> tuple[Stage, ...]:
    """The five stages of an encoder with that stem, on one image of 224 px."""
    stages = STAGES[encoder]
    if stem != "small":
        return stages
    larger = (Stage(s.gmac * _SMALL_TIMES, s.parameters, s.kept_mb * _SMALL_TIMES) for s in stages[1:])
    return (_SMALL_STEM, *larger)
