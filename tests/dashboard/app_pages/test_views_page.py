"""The Views page without a browser: recipes of one's own, deleted and brought back."""

from streamlit.testing.v1 import AppTest

from sealife_core.config import RECIPES
from sealife_core.views.recipes import recipes, save_recipe
from tests.dashboard.pages import FRAME


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(str(FRAME), default_timeout=60).run()
    for key, value in query.items():
        app.query_params[key] = value
    app = app.switch_page("app_pages/views/page.py").run()
    assert not app.exception
    return app


def labels(app: AppTest) -> list[str]:
    return [found.label for found in app.button]


def test_recipe__of_ones_own_is_deleted_and_comes_back(tiny_reef):
    save_recipe("Dusk", RECIPES["Mild"].model_copy(update={"hue": 0.02}))
    app = opened(recipe="Dusk")
    assert "Saved by you." in [caption.value for caption in app.caption]
    next(found for found in app.button if found.label == "Delete “Dusk”").click().run()
    assert not app.exception
    assert list(recipes()) == list(RECIPES)
    assert not [label for label in labels(app) if label.startswith("Delete")], "a built-in one stays"
    next(found for found in app.button if found.label == "Undo").click().run()
    assert not app.exception
    assert recipes()["Dusk"].hue == 0.02
    assert "Delete “Dusk”" in labels(app)
