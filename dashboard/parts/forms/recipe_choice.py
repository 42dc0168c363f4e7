"""Choosing a named view recipe; the choice is the same on every page that has it, and in the URL."""

import streamlit as st

from dashboard import state
from dashboard.data.recipe_words import recipe_says, recipe_teaches
from dashboard.words import unbroken
from sealife_core.config import RECIPES, ViewRecipe
from sealife_core.views.recipes import recipes


def recipe_choice() -> tuple[str, ViewRecipe]:
    """The built-in and saved recipes to choose from. Returns the name and the recipe."""
    known = recipes()
    recipe = state.views.RECIPE
    name = st.pills("Recipe", list(known), default="SimCLR", required=True, key=recipe, bind="query-params")
    name = name if name in known else "SimCLR"
    saved = "" if name in RECIPES else "Saved by you. "
    st.caption(unbroken(f"{saved}{recipe_says(known[name])} {recipe_teaches(known[name])}"), width="content")
    return name, known[name]
