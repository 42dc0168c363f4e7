"""View recipes with a name: those built in, and those a person saved. No torch here: importing it is instant."""

import json
from pathlib import Path

from sealife_core import trash
from sealife_core.config import RECIPES, ViewRecipe, parse
from sealife_core.durable import replace_file
from sealife_core.errors import ConfigError
from sealife_core.folders import checkpoints_root
from sealife_core.opening import json_in

LONGEST_NAME = 60


def recipes() -> dict[str, ViewRecipe]:
    """All recipes by name, the built-in ones first. A file that is none is left out: it cannot be used."""
    found = dict(RECIPES)
    for file in sorted(_folder().glob("*.json")):
        try:
            found.setdefault(file.stem, load_recipe(file.stem))
        except ConfigError:
            continue
    return found


def load_recipe(name: str) -> ViewRecipe:
    """The recipe ``name``. Raises ConfigError if there is none or its file is damaged."""
    if name in RECIPES:
        return RECIPES[name]
    file = _folder() / f"{checked_name(name)}.json"
    try:
        values = json_in(file)
    except FileNotFoundError:
        known = ", ".join(recipes())
        raise ConfigError([f"There is no view recipe '{name}'. Available: {known}."]) from None
    except (OSError, ValueError) as error:
        raise ConfigError([f"The view recipe '{name}' cannot be read ({error}). Save it again."]) from None
    if not isinstance(values, dict):
        raise ConfigError([f"The view recipe '{name}' is not a set of settings. Save it again."])
    return parse(ViewRecipe, values)


def save_recipe(name: str, recipe: ViewRecipe) -> Path:
    """Keep ``recipe`` under ``name``, replacing one of that name. Raises ConfigError for a name that cannot be kept."""
    name = checked_name(name)
    if name in RECIPES:
        raise ConfigError([f"'{name}' is a built-in recipe and cannot be changed. Choose another name."])
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.json"
    replace_file(file, json.dumps(recipe.model_dump(), indent=1))
    return file


def delete_recipe(name: str) -> None:
    """Move a saved recipe to the trash. Raises ConfigError if there is none of that name."""
    if name in RECIPES:
        raise ConfigError([f"'{name}' is a built-in recipe and cannot be deleted."])
    file = _folder() / f"{checked_name(name)}.json"
    if not file.exists():
        saved = ", ".join(known for known in recipes() if known not in RECIPES) or "none"
        raise ConfigError([f"There is no saved view recipe '{name}'. Saved recipes: {saved}."])
    trash.put(file)


def restore_recipe(name: str) -> None:
    """Take the recipe of that name that was deleted last out of the trash. Raises ConfigError if it is not there, or
    its name is taken by now."""
    missing = ConfigError([f"There is no deleted view recipe '{name}' to restore."])
    taken = ConfigError([f"There is a newer view recipe '{name}' in its place. Delete that one first."])
    trash.bring_back(_folder(), f"{checked_name(name)}.json", missing, taken)


def recipe_name(recipe: ViewRecipe) -> str | None:
    """The name under which exactly these settings are known, or None."""
    return next((name for name, known in recipes().items() if known == recipe), None)


def checked_name(name: str) -> str:
    """``name`` without spaces around it. Raises ConfigError unless it can be a file's name on every system."""
    name = name.strip()
    allowed = all(c.isalnum() or c in " -_" for c in name)
    if not name or len(name) > LONGEST_NAME or not allowed:
        raise ConfigError(
            [
                f"{name[:80]!r} cannot be the name of a recipe; expected 1 to {LONGEST_NAME} letters, digits, spaces,"
                " '-' or '_'. Choose another name."
            ]
        )
    return name


def _folder() -> Path:
    return checkpoints_root() / ".recipes"  # hidden, so that it is not taken for a run
