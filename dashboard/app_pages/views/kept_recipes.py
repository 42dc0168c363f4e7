"""Keeping a view recipe under a name, and deleting one."""

import streamlit as st

from dashboard import state
from dashboard.error_display import errors_shown
from dashboard.parts.notice import errors_said
from dashboard.words import plain
from sealife_core.config import RECIPES, ViewRecipe
from sealife_core.views.recipes import delete_recipe, save_recipe


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
            with errors_shown():
                save_recipe(name, recipe)
                st.toast(f"Saved the views as “{plain(name.strip())}”. You can also choose them on the Train page.")
