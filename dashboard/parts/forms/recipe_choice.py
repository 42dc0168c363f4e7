"""Choosing a named view recipe; the choice is the same on every page that has it, and in the URL."""

import streamlit as st

from dashboard import state
from dashboard.data.recipe_words import recipe_says, recipe_teaches
from dashboard.words import plain, unbroken
from sealife_core.config import RECIPES, ViewRecipe
from sealife_core.views.recipes import recipe_name, recipes

USUAL = "Default"


def recipe_choice(usual: ViewRecipe | None = None) -> tuple[str, ViewRecipe]:
    """The built-in and saved recipes to choose from. Returns the name and the recipe.

    usual: what is meant as long as nobody chooses, which may be another recipe at each call; SimCLR's if None.
    """
    known, explained = recipes(), None
    if usual is not None:
        known = {USUAL: usual} | {name: one for name, one in known.items() if name != USUAL}
        explained = f"{USUAL}: the views that the chosen run, or else the first one, was trained with"
    default = next(iter(known))
    name = st.pills(
        "Recipe", list(known), default=default, required=True, format_func=plain, help=explained,
        key=state.views.RECIPE.among(known), bind="query-params",
    )  # fmt: skip
    name = name if name in known else default
    if usual is not None and name == USUAL:
        said = f"Recipe {plain(own)}. " if (own := recipe_name(usual)) else ""
    else:
        said = "" if name in RECIPES else "Saved by you. "
    st.caption(unbroken(f"{said}{recipe_says(known[name])} {recipe_teaches(known[name])}"), width="content")
    return name, known[name]
