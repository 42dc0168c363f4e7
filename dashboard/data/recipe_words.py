"""What the views of a recipe look like, said from its settings alone."""

from sealife_core.config import ViewRecipe
from sealife_core.wording import percent

HALF_A_TURN = 0.5  # the hue turns no further, however strong a recipe is


def recipe_says(recipe: ViewRecipe) -> str:
    """ "Crops keep 20 to 100 % of the picture. Of the views, 50 % are mirrored, 20 % are grey." """
    ranges = recipe.brightness, recipe.contrast, recipe.saturation, recipe.hue
    turn = min(recipe.strength * recipe.hue, HALF_A_TURN)
    hue = f" (hue by up to {360 * turn:.0f}°)" if turn else ""
    changes = {
        "are mirrored": recipe.horizontal_flip,
        "are upside down": recipe.vertical_flip,
        f"change in colour and light{hue}": recipe.jitter if recipe.strength * max(ranges) else 0,
        "are grey": recipe.grayscale,
        "are blurred": recipe.blur,
        "are partly inverted": recipe.solarise,
        "have a colour cast of water": recipe.cast if recipe.cast_strength else 0,
        "have haze": recipe.haze if recipe.haze_strength else 0,
    }
    low, high = percent(recipe.crop_scale_min, 0), percent(recipe.crop_scale_max, 0)
    kept = high if low == high else f"{low.removesuffix(' %')} to {high}"
    said = ", ".join(f"{percent(share, 0)} {what}" for what, share in changes.items() if share)
    return f"Crops keep {kept} of the picture. " + (f"Of the views, {said}." if said else "Nothing else is changed.")
