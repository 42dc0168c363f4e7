"""The Views page without a browser: recipes of one's own, two recipes together, and marks on crops."""

import re

import torch
from streamlit.testing.v1 import AppTest

from dashboard.app_pages.views import lost_animals
from dashboard.state import views
from dashboard.words import plain
from sealife_core.config import RECIPES
from sealife_core.errors import WeightsError
from sealife_core.evaluation.contrast.crop_coverage import DRAWS
from sealife_core.views.recipes import recipes, save_recipe
from tests.dashboard.pages import visit


def opened(**query: str) -> AppTest:
    app = visit("views", query)
    assert not app.exception
    return app


def labels(app: AppTest) -> list[str]:
    return [found.label for found in app.button]


def test_recipe__of_ones_own_is_deleted_and_comes_back(tiny_reef):
    save_recipe("Dusk", RECIPES["Mild"].model_copy(update={"hue": 0.02}))
    app = opened(recipe="Dusk")
    assert any(caption.value.startswith("Saved by you. Crops keep 20 to") for caption in app.caption)
    next(found for found in app.button if found.label == "Delete “Dusk”").click().run()
    assert not app.exception
    assert list(recipes()) == list(RECIPES)
    assert not [label for label in labels(app) if label.startswith("Delete")], "a built-in one stays"
    next(found for found in app.button if found.label == "Undo").click().run()
    assert not app.exception
    assert recipes()["Dusk"].hue == 0.02
    assert "Delete “Dusk”" in labels(app)


def test_recipe__of_ones_own_is_shown_letter_by_letter(tiny_reef):
    save_recipe("_reef_ dusk", RECIPES["Mild"])
    app = opened(recipe="_reef_ dusk")
    (pills,) = [found for found in app.get("button_group") if found.label == "Recipe"]
    assert plain("_reef_ dusk") in pills.options
    assert "Delete “\\_reef\\_ dusk”" in labels(app), "a link chooses it by its name"


def markdown(app: AppTest) -> str:
    return "\n".join(found.value for found in app.markdown).replace("\N{NO-BREAK SPACE}", " ")


def test_compare_with__says_what_differs_and_shows_both(tiny_reef):
    app = opened(compare_with="No such recipe")
    assert "→" not in markdown(app)
    app = app.selectbox(key=views.COMPARE_WITH).select("Mild").run()
    assert "SimCLR → Mild: Smallest crop **0.08 → 0.2** · Colour strength **1 → 0.5**" in markdown(app)
    assert "solid: SimCLR, dashed: Mild." in "".join(caption.value for caption in app.caption)
    app = app.selectbox(key=views.COMPARE_WITH).select("SimCLR").run()
    assert "SimCLR and SimCLR have the same settings." in [caption.value for caption in app.caption]
    app = app.selectbox(key=views.COMPARE_WITH).select(None).run()
    assert "have the same settings" not in "".join(caption.value for caption in app.caption)
    assert not app.exception


def test_mark_lost__asks_the_network_only_when_told_and_counts_what_it_marks(tiny_reef, monkeypatch):
    asked: list[int] = []
    corner = torch.zeros(7, 7)
    corner[0, 0] = 1
    monkeypatch.setattr(lost_animals, "animal_activation", lambda dataset, row: asked.append(row) or corner)
    where = f"Where do {DRAWS} crops fall?"
    app = opened(apart=where)
    assert asked == []
    assert f"of {DRAWS} crops contain the middle of the picture" in markdown(app)
    assert "An estimated" not in markdown(app)
    app = app.toggle(key=views.MARK_LOST).set_value(True).run()
    assert not app.exception
    assert len(asked) == 3, "once a picture"
    lost = int(re.findall(r"An estimated (\d+) % of the crops", markdown(app))[0])
    assert lost > 80, "few crops contain a corner"
    assert any(caption.value.startswith("Marked are crops") for caption in app.caption)


def test_mark_lost__says_why_where_the_network_cannot_be_had(tiny_reef, monkeypatch):
    def fails(dataset, row):
        raise WeightsError("No weights.")

    monkeypatch.setattr(lost_animals, "animal_activation", fails)
    app = opened(mark_lost="true")
    assert [error.value for error in app.error] == ["No weights."]
    assert len(app.tabs) == 3, "the rest of the page is there"
