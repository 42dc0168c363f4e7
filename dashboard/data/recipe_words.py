"""What the views of a recipe look like, said from its settings alone."""

from sealife_core.config import ViewRecipe
from sealife_core.wording import percent

HALF_A_TURN = 0.5  # the hue turns no further, however strong a recipe is


def recipe_says(recipe: ViewRecipe) -> str:
    """ "Crops keep 20 to 100 % of the picture. Views: 50 % mirrored, 80 % recoloured (hue up to 36°), 20 % grey." """
    ranges = recipe.brightness, recipe.contrast, recipe.saturation, recipe.hue
    turn = min(recipe.strength * recipe.hue, HALF_A_TURN)
    changes = {
        "mirrored": recipe.horizontal_flip,
        "upside down": recipe.vertical_flip,
        f"recoloured (hue up to {360 * turn:.0f}°)": recipe.jitter if recipe.strength * max(ranges) else 0,
        "grey": recipe.grayscale,
        "blurred": recipe.blur,
        "partly inverted": recipe.solarise,
        "with a colour cast": recipe.cast if recipe.cast_strength else 0,
        "with haze": recipe.haze if recipe.haze_strength else 0,
    }
    low, high = percent(recipe.crop_scale_min, 0), percent(recipe.crop_scale_max, 0)
    kept = high if low == high else f"{low.removesuffix(' %')} to {high}"
    said = ", ".join(f"{percent(share, 0)} {what}" for what, share in changes.items() if share)
    return f"Crops keep {kept} of the picture. " + (f"Views: {said}." if said else "Nothing else is changed.")
