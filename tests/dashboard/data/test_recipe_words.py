"""The sentence on a recipe against the views that it draws."""

import pytest
import torch

from dashboard.data.recipe_words import recipe_says
from sealife_core.config import RECIPES, ViewRecipe
from sealife_core.views.sampling import draw_views, generator_for

DRAWS = 4000  # the standard error of a share is below 1 %


@pytest.mark.parametrize("name", RECIPES)
def test_recipe_says__what_is_drawn(name: str) -> None:
    drawn = draw_views(RECIPES[name], torch.ones(DRAWS), generator_for(0))
    kept, hue = drawn.crop[:, 2:].prod(1), 360 * drawn.jitter[:, 3].abs()
    shares = {
        "mirrored": drawn.flip_x,
        "upside down": drawn.flip_y,
        "recoloured": drawn.jitter[:, 0] != 1,
        "grey": drawn.grayscale,
        "blurred": drawn.blur_sigma > 0,
        "partly inverted": drawn.solarise <= 1,
        "with a colour cast": drawn.cast.amin(1) < 1,
        "with haze": drawn.haze > 0,
    }
    crops, said = recipe_says(RECIPES[name]).rstrip(".").split(". ")
    low, high = crops.removeprefix("Crops keep ").removesuffix(" % of the picture").split(" to ")
    assert float(low) <= 100 * kept.min() + 0.5 < float(low) + 5
    assert float(high) - 5 < 100 * kept.max() <= float(high) + 0.5
    parts = dict(part.split(" % ")[::-1] for part in said.removeprefix("Views: ").split(", "))
    (coloured,) = (part for part in parts if part.startswith("recoloured"))
    assert hue.max() == pytest.approx(float(coloured.partition("up to ")[2].rstrip("°)")), rel=0.02)
    parts["recoloured"] = parts.pop(coloured)
    found = {what: 100 * float(changed.float().mean()) for what, changed in shares.items() if changed.any()}
    assert {what: float(share) for what, share in parts.items()} == pytest.approx(found, abs=4)


def test_recipe_says__only_what_happens() -> None:
    still = ViewRecipe(crop_scale_min=1, horizontal_flip=0, strength=0, grayscale=0, blur=0, cast=0.5, cast_strength=0)
    assert recipe_says(still) == "Crops keep 100 % of the picture. Nothing else is changed."
    said = recipe_says(still.model_copy(update={"hue": 0.5, "strength": 2.0}))
    assert said.endswith("Views: 80 % recoloured (hue up to 180°).")
    assert recipe_says(RECIPES["Mild"]) != recipe_says(RECIPES["Mild"].model_copy(update={"strength": 1.0}))
