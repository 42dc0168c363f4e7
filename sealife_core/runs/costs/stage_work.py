"""What an encoder costs: multiply-adds, parameters and memory of each of its stages."""

from sealife_core.models.facts import StageCost
from sealife_core.models.known import facts

# The small stem keeps the image's size where ImageNet's divides its side by four: every later stage sees 16 × the
# pixels. Its own 3×3 convolution at full size costs 27·64·224² multiply-adds against 147·64·112², and keeps as much
# as a convolution and a normalisation of 64 channels at 224 px (2·4·64·224² bytes).
_SMALL_STEM = StageCost(0.087, 0.002, 25.7)
_SMALL_TIMES = 16


def gmac_an_image(
    encoder: str, stem: str, image_size_px: int, *, trained_stages: int = 5, views: int = 1, forward_only: bool = False
) -> float:
    """10⁹ multiply-adds of one image: a forward pass, and a backward pass (twice the work) through what is trained."""
    stages = stages_of(encoder, stem)
    there = sum(stage.gmac for stage in stages)
    back = 0.0 if forward_only else 2 * sum(stage.gmac for stage in stages[len(stages) - trained_stages :])
    return views * (there + back) * (image_size_px / 224) ** 2


def stages_of(encoder: str, stem: str) -> tuple[StageCost, ...]:
    """The five stages of an encoder with that stem, on one image of 224 px."""
    stages = facts(encoder).stages
    if stem != "small":
        return stages
    larger = (StageCost(s.gmac * _SMALL_TIMES, s.parameters, s.kept_mb * _SMALL_TIMES) for s in stages[1:])
    return (_SMALL_STEM, *larger)
