import os

import pytest

from sealife_core.config import RECIPES, ViewRecipe
from sealife_core.errors import ConfigError
from sealife_core.views.recipes import delete_recipe, load_recipe, recipe_name, recipes, restore_recipe, save_recipe


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
    with pytest.raises(ConfigError, match="Available: SimCLR, Mild, Gentle, Shape, Marine"):
        load_recipe("Abyss")


@pytest.mark.parametrize("content", ["{", "[]", '{"hue": 7}', '{"colour": 1}'])
def test_recipes__leaves_out_a_damaged_file(home, content):
    file = save_recipe("Good", ViewRecipe())
    file.with_name("Bad.json").write_text(content)
    assert "Bad" not in recipes()
    assert "Good" in recipes()
    with pytest.raises(ConfigError):
        load_recipe("Bad")


def test_delete_recipe__can_be_undone(home):
    save_recipe("Dusk", ViewRecipe(hue=0.05))
    delete_recipe("Dusk")
    assert "Dusk" not in recipes()
    restore_recipe("Dusk")
    assert load_recipe("Dusk") == ViewRecipe(hue=0.05)
    with pytest.raises(ConfigError, match="no deleted view recipe 'Dusk'"):
        restore_recipe("Dusk")


def test_restore_recipe__replaces_no_newer_one(home):
    save_recipe("Dusk", ViewRecipe(hue=0.05))
    delete_recipe("Dusk")
    save_recipe("Dusk", ViewRecipe(hue=0.01))
    with pytest.raises(ConfigError, match="newer"):
        restore_recipe("Dusk")
    assert load_recipe("Dusk") == ViewRecipe(hue=0.01)


def test_delete_recipe__refuses_what_is_built_in_or_unknown(home):
    with pytest.raises(ConfigError, match="built-in"):
        delete_recipe("Mild")
    save_recipe("Dusk", ViewRecipe())
    with pytest.raises(ConfigError, match="Saved recipes: Dusk"):
        delete_recipe("Abyss")
    with pytest.raises(ConfigError, match="cannot be the name"):
        delete_recipe("../notes")


def test_save_recipe__on_a_shared_home_can_be_read_by_colleagues(home):
    former = os.umask(0o022)
    try:
        file = save_recipe("Dusk", ViewRecipe())
    finally:
        os.umask(former)
    assert file.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in file.parent.iterdir()] == ["Dusk.json"]
