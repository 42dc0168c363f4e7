import pytest

from sealife_core.config import RECIPES, ViewRecipe
from sealife_core.errors import ConfigError
from sealife_core.views.recipes import load_recipe, recipe_name, recipes, save_recipe


def test_save_recipe__comes_back_as_it_was(home):
    recipe = ViewRecipe(hue=0.05, cast=0.7)
    save_recipe(" Reef at dusk ", recipe)
    assert load_recipe("Reef at dusk") == recipe
    assert list(recipes()) == [*RECIPES, "Reef at dusk"]
    assert recipe_name(recipe) == "Reef at dusk"
    assert recipe_name(ViewRecipe(hue=0.06)) is None


@pytest.mark.parametrize("name", ["", "  ", "../escape", "a/b", "<script>", "x" * 61, ".hidden", "con:"])
def test_save_recipe__refuses_a_name_that_is_no_file_name(home, name):
    with pytest.raises(ConfigError, match="cannot be the name"):
        save_recipe(name, ViewRecipe())
    assert not list(home.rglob("*.json"))


def test_save_recipe__leaves_built_in_ones_alone(home):
    with pytest.raises(ConfigError, match="built-in"):
        save_recipe("SimCLR", ViewRecipe(hue=0))


def test_load_recipe__names_those_that_there_are(home):
    with pytest.raises(ConfigError, match="There are: SimCLR, Mild, Marine"):
        load_recipe("Abyss")


@pytest.mark.parametrize("content", ["{", "[]", '{"hue": 7}', '{"colour": 1}'])
def test_recipes__leaves_out_a_damaged_file(home, content):
    file = save_recipe("Good", ViewRecipe())
    file.with_name("Bad.json").write_text(content)
    assert "Bad" not in recipes()
    assert "Good" in recipes()
    with pytest.raises(ConfigError):
        load_recipe("Bad")
