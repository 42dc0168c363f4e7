"""A second recipe beside that of the form: its choice, and what differs between the two."""

from collections.abc import Sequence

import streamlit as st

from dashboard import state
from dashboard.data.readable_settings import differing
from dashboard.parts.pictures.view_pairs import Named
from dashboard.words import plain
from sealife_core.config import ViewRecipe, describe
from sealife_core.views.recipes import recipes


def second_recipe() -> Named | None:
    """A known recipe to draw the same views with, and its name; None where none is chosen."""
    known = recipes()
    name = st.selectbox(
        "Compare with", list(known), index=None, key=state.views.COMPARE_WITH, bind="query-params",
        placeholder="no other recipe", help="Same pictures, same random numbers: only what the recipe changes differs.",
    )  # fmt: skip
    return (name, known[name]) if name in known else None


def recipe_differences(recipes: Sequence[Named]) -> None:
    """Of two recipes, the settings that differ, as this → that; of one, nothing."""
    if len(recipes) < 2:
        return
    (name, one), (other_name, other) = recipes
    rows = differing(describe(ViewRecipe), one.model_dump(), other.model_dump())
    if not rows:
        st.caption(f"{plain(name)} and {plain(other_name)} have the same settings.")
        return
    # Blanks that do not break: both values of a setting stay on one line.
    changes = " · ".join(f"{title} **{this}\N{NO-BREAK SPACE}→\N{NO-BREAK SPACE}{that}**" for title, this, that in rows)
    st.markdown(f"{plain(name)} → {plain(other_name)}: {changes}")
