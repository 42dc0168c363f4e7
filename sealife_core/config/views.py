"""What happens to an image before the network sees it: the recipe of a view."""

from functools import partial
from typing import Any

from pydantic import model_validator

from sealife_core.config.settings import Range, Settings, setting

GEOMETRY, COLOUR, BLUR, WATER = "Crop and flip", "Colour", "Blur and solarise", "Water"
_probability = partial(setting, within=Range(0, 1, 0.05, "probability"))
_share = partial(setting, within=Range(0, 1, 0.05))
_kept_area = partial(setting, group=GEOMETRY, within=Range(0.01, 1, 0.01))
_sigma = partial(setting, group=BLUR, within=Range(0.05, 5, 0.05, "px"))


class ViewRecipe(Settings):
    """The probabilities and ranges of one random view. Defaults: SimCLR (arXiv 2002.05709, appendix A)."""

    crop_scale_min: float = _kept_area(
        0.08, "Smallest share of the picture's area that a crop keeps.", title="Smallest crop"
    )
    crop_scale_max: float = _kept_area(
        1.0, "Largest share of the picture's area that a crop keeps.", title="Largest crop"
    )
    crop_ratio_max: float = setting(
        4 / 3,
        "How far a crop may differ from a square: width / height is between 1 / this value and this value.",
        title="Crop stretch",
        group=GEOMETRY,
        within=Range(1, 3, 0.01),
    )
    horizontal_flip: float = _probability(
        0.5, "How often left and right are swapped.", title="Horizontal flip", group=GEOMETRY
    )
    vertical_flip: float = _probability(
        0.0,
        "How often top and bottom are swapped. Useful for animals that are seen from above.",
        title="Vertical flip",
        group=GEOMETRY,
    )
    jitter: float = _probability(
        0.8, "How often brightness, contrast, saturation and hue are changed.", title="Colour jitter", group=COLOUR
    )
    strength: float = setting(
        1.0,
        "Multiplies the four ranges below. In the paper, 1 works best without labels.",
        title="Colour strength",
        group=COLOUR,
        within=Range(0, 2, 0.05, "×"),
    )
    brightness: float = _share(
        0.8, "Brightness is multiplied by 1 ± this × strength.", title="Brightness", group=COLOUR
    )
    contrast: float = _share(0.8, "Contrast is multiplied by 1 ± this × strength.", title="Contrast", group=COLOUR)
    saturation: float = _share(
        0.8, "Saturation is multiplied by 1 ± this × strength.", title="Saturation", group=COLOUR
    )
    hue: float = setting(
        0.2,
        "The colour wheel is turned by up to ± this × strength. 0.5 is half a turn.",
        title="Hue",
        group=COLOUR,
        within=Range(0, 0.5, 0.01, "turns"),
    )
    grayscale: float = _probability(0.2, "How often all colour is removed.", title="Grayscale", group=COLOUR)
    blur: float = _probability(0.5, "How often the view is blurred.", title="Gaussian blur", group=BLUR)
    blur_sigma_min: float = _sigma(
        0.1, "Weakest blur for a view 224 px wide. Smaller views get proportionally less.", title="Weakest blur"
    )
    blur_sigma_max: float = _sigma(
        2.0, "Strongest blur for a view 224 px wide. Smaller views get proportionally less.", title="Strongest blur"
    )
    solarise: float = _probability(
        0.0, "How often bright pixels are inverted (BYOL, arXiv 2006.07733).", title="Solarise", group=BLUR
    )
    solarise_threshold: float = setting(
        0.5,
        "Pixels brighter than this are inverted.",
        title="Solarise above",
        group=BLUR,
        within=Range(0, 1, 0.05, "of white"),
    )
    cast: float = _probability(
        0.0, "How often the view gets a water tint: red fades, green or blue remains.", title="Colour cast", group=WATER
    )
    cast_strength: float = _share(
        0.4, "The largest share of red light that a cast removes.", title="Cast strength", group=WATER
    )
    haze: float = _probability(
        0.0, "How often the view gets haze, like light scattered in water.", title="Haze", group=WATER
    )
    haze_strength: float = _share(
        0.5,
        "The largest share of the view that haze replaces with the colour of the water.",
        title="Haze strength",
        group=WATER,
    )

    @model_validator(mode="after")
    def _ranges_are_ordered(self) -> "ViewRecipe":
        if self.crop_scale_min > self.crop_scale_max:
            raise ValueError(
                f"The smallest crop ({self.crop_scale_min:g}) is larger than the largest"
                f" ({self.crop_scale_max:g}). Swap them."
            )
        if self.blur_sigma_min > self.blur_sigma_max:
            raise ValueError(
                f"The weakest blur ({self.blur_sigma_min:g} px) is stronger than the strongest"
                f" ({self.blur_sigma_max:g} px). Swap them."
            )
        return self


# The published recipes keep their ranges; the milder one was measured on sea photographs, where colour matters.
# "Gentle" is for features that are good already; "Shape" for classes whose colour says nothing, as in drawings.
_STILL: dict[str, Any] = {"jitter": 0, "grayscale": 0, "blur": 0}
RECIPES: dict[str, ViewRecipe] = {
    "SimCLR": ViewRecipe(),
    "Mild": ViewRecipe(strength=0.5, crop_scale_min=0.2),
    "Gentle": ViewRecipe(strength=0.5, hue=0.1, crop_scale_min=0.4, grayscale=0.1, blur=0.2),
    "Shape": ViewRecipe(hue=0.5, grayscale=0.5, crop_scale_min=0.6, blur=0),
    "Marine": ViewRecipe(strength=0.5, hue=0.1, crop_scale_min=0.2, vertical_flip=0.2, cast=0.5, haze=0.3),
}

# For training with labels: a classifier needs more of the picture than SimCLR does.
LABELLED: dict[str, ViewRecipe] = {
    "none": ViewRecipe(crop_scale_min=1, horizontal_flip=0, **_STILL),
    "light": ViewRecipe(crop_scale_min=0.5, **_STILL),
    "strong": ViewRecipe(crop_scale_min=0.2, strength=0.5, hue=0.1, grayscale=0.1, blur=0.1),
}
