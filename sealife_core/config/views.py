"""What happens to an image before the network sees it: the recipe of a view."""

from typing import Any

from pydantic import model_validator

from sealife_core.config.settings import Settings, setting

GEOMETRY, COLOUR, BLUR, WATER = "Crop and flip", "Colour", "Blur and solarise", "Water"


class ViewRecipe(Settings):
    """The probabilities and ranges of one random view. Defaults: SimCLR (arXiv 2002.05709, appendix A)."""

    crop_scale_min: float = setting(
        0.08,
        "Smallest share of the picture's area that a crop keeps.",
        title="Smallest crop",
        group=GEOMETRY,
        ge=0.01,
        le=1,
        step=0.01,
    )
    crop_scale_max: float = setting(
        1.0,
        "Largest share of the picture's area that a crop keeps.",
        title="Largest crop",
        group=GEOMETRY,
        ge=0.01,
        le=1,
        step=0.01,
    )
    crop_ratio_max: float = setting(
        4 / 3,
        "How far a crop may differ from a square: width / height is between 1 / this value and this value.",
        title="Crop stretch",
        group=GEOMETRY,
        ge=1,
        le=3,
        step=0.01,
    )
    horizontal_flip: float = setting(
        0.5,
        "How often left and right are swapped.",
        title="Horizontal flip",
        group=GEOMETRY,
        unit="probability",
        ge=0,
        le=1,
        step=0.05,
    )
    vertical_flip: float = setting(
        0.0,
        "How often top and bottom are swapped. Useful for animals that are seen from above.",
        title="Vertical flip",
        group=GEOMETRY,
        unit="probability",
        ge=0,
        le=1,
        step=0.05,
    )
    jitter: float = setting(
        0.8,
        "How often brightness, contrast, saturation and hue are changed.",
        title="Colour jitter",
        group=COLOUR,
        unit="probability",
        ge=0,
        le=1,
        step=0.05,
    )
    strength: float = setting(
        1.0,
        "Multiplies the four ranges below. In the paper, 1 works best without labels.",
        title="Colour strength",
        group=COLOUR,
        unit="×",
        ge=0,
        le=2,
        step=0.05,
    )
    brightness: float = setting(
        0.8,
        "Brightness is multiplied by 1 ± this × strength.",
        title="Brightness",
        group=COLOUR,
        ge=0,
        le=1,
        step=0.05,
    )
    contrast: float = setting(
        0.8,
        "Contrast is multiplied by 1 ± this × strength.",
        title="Contrast",
        group=COLOUR,
        ge=0,
        le=1,
        step=0.05,
    )
    saturation: float = setting(
        0.8,
        "Saturation is multiplied by 1 ± this × strength.",
        title="Saturation",
        group=COLOUR,
        ge=0,
        le=1,
        step=0.05,
    )
    hue: float = setting(
        0.2,
        "The colour wheel is turned by up to ± this × strength. 0.5 is half a turn.",
        title="Hue",
        group=COLOUR,
        unit="turns",
        ge=0,
        le=0.5,
        step=0.01,
    )
    grayscale: float = setting(
        0.2,
        "How often all colour is removed.",
        title="Grayscale",
        group=COLOUR,
        unit="probability",
        ge=0,
        le=1,
        step=0.05,
    )
    blur: float = setting(
        0.5,
        "How often the view is blurred.",
        title="Gaussian blur",
        group=BLUR,
        unit="probability",
        ge=0,
        le=1,
        step=0.05,
    )
    blur_sigma_min: float = setting(
        0.1,
        "Weakest blur for a view 224 px wide. Smaller views get proportionally less.",
        title="Weakest blur",
        group=BLUR,
        unit="px",
        ge=0.05,
        le=5,
        step=0.05,
    )
    blur_sigma_max: float = setting(
        2.0,
        "Strongest blur for a view 224 px wide. Smaller views get proportionally less.",
        title="Strongest blur",
        group=BLUR,
        unit="px",
        ge=0.05,
        le=5,
        step=0.05,
    )
    solarise: float = setting(
        0.0,
        "How often bright pixels are inverted (BYOL, arXiv 2006.07733).",
        title="Solarise",
        group=BLUR,
        unit="probability",
        ge=0,
        le=1,
        step=0.05,
    )
    solarise_threshold: float = setting(
        0.5,
        "Pixels brighter than this are inverted.",
        title="Solarise above",
        group=BLUR,
        unit="of white",
        ge=0,
        le=1,
        step=0.05,
    )
    cast: float = setting(
        0.0,
        "How often the view gets a water tint: red fades, green or blue remains.",
        title="Colour cast",
        group=WATER,
        unit="probability",
        ge=0,
        le=1,
        step=0.05,
    )
    cast_strength: float = setting(
        0.4,
        "The largest share of red light that a cast removes.",
        title="Cast strength",
        group=WATER,
        ge=0,
        le=1,
        step=0.05,
    )
    haze: float = setting(
        0.0,
        "How often the view gets haze, like light scattered in water.",
        title="Haze",
        group=WATER,
        unit="probability",
        ge=0,
        le=1,
        step=0.05,
    )
    haze_strength: float = setting(
        0.5,
        "The largest share of the view that haze replaces with the colour of the water.",
        title="Haze strength",
        group=WATER,
        ge=0,
        le=1,
        step=0.05,
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


# The published recipes keep their ranges; the milder one was measured on sea photographs, where colour tells much.
# "Gentle" is for features that are good already; "Shape" for classes whose colour means nothing, as in drawings.
_STILL: dict[str, Any] = {"jitter": 0, "grayscale": 0, "blur": 0}
RECIPES: dict[str, ViewRecipe] = {
    "SimCLR": ViewRecipe(),
    "Mild": ViewRecipe(strength=0.5, crop_scale_min=0.2),
    "Gentle": ViewRecipe(strength=0.5, hue=0.1, crop_scale_min=0.4, grayscale=0.1, blur=0.2),
    "Shape": ViewRecipe(hue=0.5, grayscale=0.5, crop_scale_min=0.6, blur=0),
    "Marine": ViewRecipe(
        strength=0.5,
        hue=0.1,
        crop_scale_min=0.2,
        vertical_flip=0.2,
        cast=0.5,
        haze=0.3,
    ),
}

# For training with labels: what a classifier may ignore is less than what SimCLR ignores.
LABELLED: dict[str, ViewRecipe] = {
    "none": ViewRecipe(crop_scale_min=1, horizontal_flip=0, **_STILL),
    "light": ViewRecipe(crop_scale_min=0.5, **_STILL),
    "strong": ViewRecipe(crop_scale_min=0.2, strength=0.5, hue=0.1, grayscale=0.1, blur=0.1),
}
