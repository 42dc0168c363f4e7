"""What is known about any encoder: from the table, else measured when first asked, which imports torch and timm."""

from functools import lru_cache

from sealife_core.models.facts import CURATED, EncoderFacts

_SURELY_PX = 32  # what every network of the table takes


@lru_cache(maxsize=64)
def facts(name: str) -> EncoderFacts:
    """What is known about encoder ``name``. Raises ValueError if there is none of that name."""
    if name in CURATED:
        return CURATED[name]
    from sealife_core.models.stage_costs import measured_facts

    return measured_facts(name)


@lru_cache(maxsize=256)
def takes(name: str, image_size_px: int) -> bool:
    """Whether encoder ``name`` takes pictures of that side. A few of timm's networks are made for one size alone."""
    if image_size_px == 224 or (name in CURATED and image_size_px >= _SURELY_PX):  # all encoders take 224 px
        return True
    from sealife_core.models.stage_costs import goes_through

    return goes_through(name, image_size_px)
