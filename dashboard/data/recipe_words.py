"""What the views of a recipe look like and what that asks of an encoder, said from its settings alone."""

from sealife_core.config import ViewRecipe
from sealife_core.wording import listed, percent

HALF_A_TURN = 0.5  # the hue turns no further, however strong a recipe is
HARDLY = 0.05  # turns: 18°, within what is called one colour
MAY_PART, ALWAYS_OVERLAP = 0.25, 0.5  # of the picture: two quarters fit beside each other, two larger halves do not


def recipe_says(recipe: ViewRecipe) -> str:
    """ "Crops keep 20 to 100 % of the picture. Views: 50 % mirrored, 80 % recoloured (hue up to 36°), 20 % grey." """
    changes = {
        "mirrored": recipe.horizontal_flip,
        "upside down": recipe.vertical_flip,
        f"recoloured (hue up to {360 * _turn(recipe):.0f}°)": _recoloured(recipe),
        "grey": recipe.grayscale,
        "blurred": recipe.blur,
        "partly inverted": recipe.solarise,
        "with a colour cast": _cast(recipe),
        "with haze": _haze(recipe),
    }
    low, high = percent(recipe.crop_scale_min, 0), percent(recipe.crop_scale_max, 0)
    kept = high if low == high else f"{low.removesuffix(' %')} to {high}"
    said = ", ".join(f"{percent(share, 0)} {what}" for what, share in changes.items() if share)
    return f"Crops keep {kept} of the picture. " + (f"Views: {said}." if said else "Nothing else is changed.")


def recipe_teaches(recipe: ViewRecipe) -> str:
    """What a pair is not matched by: "To match a pair, an encoder cannot always rely on left and right or light." """
    said = []
    if recipe.crop_scale_min <= MAY_PART:
        said.append("Two views may show different parts: a part of an animal must be enough.")
    elif recipe.crop_scale_min >= ALWAYS_OVERLAP:
        said.append("Two views always overlap: some of an animal may be seen in both.")
    turned, tinted = _recoloured(recipe) and _turn(recipe), recipe.solarise or _cast(recipe) or _haze(recipe)
    washed = turned > HARDLY or (_recoloured(recipe) and recipe.strength * recipe.saturation >= 1)
    changed = {
        "left and right": recipe.horizontal_flip,
        "up and down": recipe.vertical_flip,
        "light": _recoloured(recipe) * max(recipe.brightness, recipe.contrast) or tinted,
        "colour": recipe.grayscale or washed or tinted,
        "sharpness": recipe.blur,
    }
    if unreliable := [what for what, share in changed.items() if share]:
        said.append(f"To match a pair, an encoder cannot always rely on {listed(unreliable, 'or')}.")
    if not washed and not tinted and recipe.grayscale < 1:
        hues = "Hues hardly turn" if turned else "Hues stay"
        said.append(f"{hues}: {'where no view is grey, ' if recipe.grayscale else ''}colours may help.")
    return " ".join(said)


def _turn(recipe: ViewRecipe) -> float:
    return min(recipe.strength * recipe.hue, HALF_A_TURN)


def _recoloured(recipe: ViewRecipe) -> float:
    ranges = recipe.brightness, recipe.contrast, recipe.saturation, recipe.hue
    return recipe.jitter if recipe.strength * max(ranges) else 0


def _cast(recipe: ViewRecipe) -> float:
    return recipe.cast if recipe.cast_strength else 0


def _haze(recipe: ViewRecipe) -> float:
    return recipe.haze if recipe.haze_strength else 0
