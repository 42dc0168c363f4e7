"""Choosing a named view recipe; the choice is the same on every page that has it, and in the URL."""

import streamlit as st

from dashboard import state
from sealife_core.config import ViewRecipe
from sealife_core.views.recipes import recipes

SAYS = {
    "SimCLR": "As in the paper: strong colour changes and small crops. The animal is what both views share.",
    "Mild": "Half the colour change and larger crops. Colour matters in sea photographs: there, this recipe learned"
    " better features.",
    "Marine": "The effects of water: colour cast and haze. Little change of hue, and animals also upside down.",
}


def recipe_choice() -> tuple[str, ViewRecipe]:
    """The built-in and saved recipes to choose from. Returns the name and the recipe."""
    known = recipes()
    recipe = state.views.RECIPE
    name = st.pills("Recipe", list(known), default="SimCLR", required=True, key=recipe, bind="query-params")
    name = name if name in known else "SimCLR"
    st.caption(SAYS.get(name, "Saved by you."))
    return name, known[name]
