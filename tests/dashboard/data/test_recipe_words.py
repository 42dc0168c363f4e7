"""The sentence on a recipe against the views that it draws."""

import pytest
import torch

from dashboard.data.recipe_words import recipe_says, recipe_teaches
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


STILL = ViewRecipe(crop_scale_min=1, horizontal_flip=0, jitter=0, grayscale=0, blur=0)


@pytest.mark.parametrize("smallest", [0.08, 0.2, 0.35, 0.5, 0.8])
@pytest.mark.parametrize("aspect", [0.6, 1.0, 1.8])
def test_recipe_teaches__whether_two_views_overlap(smallest: float, aspect: float) -> None:
    recipe = STILL.model_copy(update={"crop_scale_min": smallest, "crop_scale_max": max(smallest, 0.5)})
    near, far = (draw_views(recipe, torch.full((DRAWS,), aspect), generator_for(view)).crop for view in (0, 1))
    low = torch.maximum(near[:, :2], far[:, :2])
    high = torch.minimum(near[:, :2] + near[:, 2:], far[:, :2] + far[:, 2:])
    apart = (high <= low + 1e-6).any(1)
    said = recipe_teaches(recipe)
    assert "different parts" not in said or apart.any()
    assert "always overlap" not in said or not apart.any()
    assert ("different parts" in said, "always overlap" in said) == (smallest <= 0.25, smallest >= 0.5)


def test_recipe_teaches__what_no_pair_is_matched_by() -> None:
    assert recipe_teaches(STILL).endswith("Hues stay: colours may help.")
    changes = {
        "left and right": {"horizontal_flip": 0.5},
        "up and down": {"vertical_flip": 0.2},
        "light": {"jitter": 0.8, "hue": 0.0, "saturation": 0.0},
        "colour": {"grayscale": 1.0},
        "sharpness": {"blur": 0.5},
        "light or colour": {"haze": 0.3},
    }
    for what, change in changes.items():
        said = recipe_teaches(STILL.model_copy(update=change))
        assert f"To match a pair, an encoder cannot always rely on {what}." in said
        assert ("colours may help" in said) == ("colour" not in what)


@pytest.mark.parametrize(
    ("hue", "saturation", "grayscale", "ends"),
    [
        (0.05, 0.8, 0.0, "Hues hardly turn: colours may help."),
        (0.05, 0.8, 0.1, "Hues hardly turn: where no view is grey, colours may help."),
        (0.06, 0.8, 0.0, "rely on light or colour."),
        (0.05, 1.0, 0.0, "rely on light or colour."),  # it may take all colour away
    ],
)
def test_recipe_teaches__that_colours_help_only_where_they_stay(
    hue: float, saturation: float, grayscale: float, ends: str
) -> None:
    update = {"jitter": 0.8, "hue": hue, "saturation": saturation, "grayscale": grayscale}
    assert recipe_teaches(STILL.model_copy(update=update)).endswith(ends)
