"""Choosing a named view recipe, and keeping one under a name."""

import streamlit as st

from dashboard import state
from dashboard.errors import show_error
from dashboard.parts.notice import errors_said
from dashboard.words import plain
from sealife_core.config import RECIPES, ViewRecipe
from sealife_core.errors import ConfigError
from sealife_core.views.recipes import delete_recipe, recipes, save_recipe

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


def delete_button(name: str) -> None:
    """Deletes a saved recipe; this can be undone."""
    if name not in RECIPES:
        st.button(
            f"Delete “{plain(name)}”", icon=":material/delete:", on_click=_delete, args=(name,), width="stretch",
            type="tertiary",
        )  # fmt: skip


def _delete(name: str) -> None:
    with errors_said():
        delete_recipe(name)
        state.views.RECIPE.hold("SimCLR")
        state.say(f"The views **{plain(name)}** are in the trash.", ("recipe", name))


def save_popover(recipe: ViewRecipe) -> None:
    """Keep ``recipe`` under a name; says what it did."""
    with st.popover("Save as…", icon=":material/bookmark:", width="stretch"), st.form("save_recipe", border=False):
        name = st.text_input("Name", placeholder="Reef at dusk", max_chars=60)
        if st.form_submit_button("Save"):
            try:
                save_recipe(name, recipe)
                st.toast(f"Saved the views as “{plain(name.strip())}”. You can also choose them on the Train page.")
            except ConfigError as error:
                show_error(error)
