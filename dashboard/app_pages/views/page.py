"""Views: what SimCLR sees. Pairs, the steps of one view, where crops fall, and the recipes they are drawn from."""

from collections.abc import Sequence
from typing import Any

import streamlit as st
from torch import Tensor

from dashboard import state
from dashboard.app_pages.views.kept_recipes import delete_button, save_popover
from dashboard.app_pages.views.lost_animals import activations
from dashboard.app_pages.views.second_recipe import recipe_differences, second_recipe
from dashboard.app_pages.views.taken_apart import crops, steps
from dashboard.cache import datasets
from dashboard.data.pictures import some_rows
from dashboard.data.previews import Preview
from dashboard.error_display import show_error
from dashboard.parts.forms.config_form import the_rest
from dashboard.parts.forms.dataset_choice import dataset_choice, need_dataset
from dashboard.parts.forms.recipe_choice import recipe_choice
from dashboard.parts.notice import notice
from dashboard.parts.open_tab import open_tab
from dashboard.parts.pictures.large_pictures import told
from dashboard.parts.pictures.picture_picker import picture_picker
from dashboard.parts.pictures.view_pairs import Named, compared_html
from dashboard.words import plain
from sealife_core.config import ViewRecipe, describe, nested, parse
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import ConfigError
from sealife_core.evaluation.contrast.crop_coverage import DRAWS

SEEN_AT_PX = (48, 64, 96, 160, 224)
SHOWN_AT_FIRST, SHOWN_TO_PICK = 3, 48


def page() -> None:
    """Which pictures on top; the recipe on the right, and on the left what it makes of them, in three ways."""
    with st.container(horizontal=True, vertical_alignment="center"):  # one row: pictures need the height
        st.title("Views", width="content")
        st.html(
            '<p class="lead">Two random views of one picture are a <b>positive pair</b>. Without labels,'
            " SimCLR learns to give both views similar features, and different features to every other picture.</p>",
            width=704,
        )
    notice()
    if not need_dataset("Views are made from pictures."):
        return
    dataset, size_px, pairs, mark = _choices()
    pictures, panel = st.columns([5, 2], gap="large")
    with panel, st.container(key="recipe_panel"):
        recipes = _recipes()
    with pictures, st.container(key="view_pairs"):
        previews = datasets.previews(dataset, _picked(dataset), size_px)
        if not recipes or not previews:
            return
        responses = activations(dataset, previews, mark)
        recipe_differences(recipes)
        shows = {
            "Positive pairs": lambda: _pairs(dataset, recipes, previews, responses, size_px, pairs),
            "One view, step by step": lambda: steps(recipes, previews, size_px),
            f"Where do {DRAWS} crops fall?": lambda: crops(dataset, recipes, previews, responses),
        }
        open_tab(shows, state.views.APART)


def _pairs(
    dataset: Dataset, recipes: Sequence[Named], previews: Sequence[Preview],
    activations: Sequence[Tensor | None], size_px: int, pairs: int,
) -> None:  # fmt: skip
    """Each picture with its positive pairs. activations: of an ImageNet encoder; None: not asked for."""
    named = recipes if len(recipes) > 1 else [("", recipes[0][1])]
    for preview, activation in zip(previews, activations, strict=True):
        original = told(dataset, preview.row)
        st.html(compared_html(named, preview, size_px, state.views.DRAWING.number, pairs, activation, original))
    dashed = f" solid: {plain(recipes[0][0])}, dashed: {plain(recipes[1][0])}." if len(recipes) > 1 else ""
    st.caption(
        f"Each view is {size_px} × {size_px} px and made by the same code as in training. The frames on the"
        f" original show the crops A and B of the first pair{':' if dashed else '.'}{dashed}"
    )


def _choices() -> tuple[Dataset, int, int, bool]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=220):
            dataset = datasets.opened(dataset_choice("Data set"))
        shared: dict[str, Any] = {"required": True, "bind": "query-params"}
        size_px = st.segmented_control("View size (px)", SEEN_AT_PX, default=96, key=state.views.SEEN_AT, **shared)
        pairs = st.segmented_control("Pairs", (1, 2), default=1, key=state.views.PAIRS, **shared)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Draw again", icon=":material/casino:", on_click=state.views.DRAWING.advance, shortcut="d")
        st.button("Other pictures", icon=":material/shuffle:", on_click=state.views.other_pictures)
        with st.popover("Pick pictures", icon=":material/photo_library:"):
            _pick(dataset)
        mark = st.toggle("Mark crops that may have lost the animal", key=state.views.MARK_LOST, bind="query-params")
    return dataset, size_px or 96, pairs or 1, mark


def _picked(dataset: Dataset) -> list[int]:
    return state.views.picked(dataset, some_rows(dataset, state.views.SHUFFLE.number, SHOWN_AT_FIRST))


def _pick(dataset: Dataset) -> None:
    rows = some_rows(dataset, state.views.SHUFFLE.number, SHOWN_TO_PICK)
    picked = _picked(dataset)
    st.caption(f"{len(rows):,} of {len(dataset.manifest):,} shown. Click a picture to add or remove it.")
    toggled = picture_picker(dataset, [*dict.fromkeys([*picked, *rows])], picked, state.views.PICKER)
    if toggled is not None:
        state.views.toggle_picture(dataset, picked, toggled)
        st.rerun()


def _recipes() -> list[Named]:
    """The recipe in the form and, where one is chosen, a second one; [] while the form's settings contradict."""
    name, held = recipe_choice()
    second = second_recipe()
    settings = describe(ViewRecipe)
    chosen = the_rest(settings, held.model_dump(), state.views.FORM.of(state.train.form_version(), name), {}, columns=1)
    try:
        recipe = parse(ViewRecipe, nested(chosen))
    except ConfigError as error:
        show_error(error)
        return []
    if st.button("Use these views for SimCLR", type="primary", icon=":material/arrow_forward:", width="stretch"):
        state.train.set_form_values("simclr", {f"views.{path}": value for path, value in chosen.items()})
        state.go("train", {state.train.TASK: "simclr"})
    save_popover(recipe)
    delete_button(name)
    first = (name if recipe == held else f"{name}, changed", recipe)
    return [first, second] if second else [first]


page()
