"""``recipes``: list, show and save recipes of views."""

import argparse
from typing import Any

from sealife_core.commands.output import Output
from sealife_core.commands.training import flag, flag_name
from sealife_core.config import RECIPES, ViewRecipe, describe, nested, parse
from sealife_core.views.recipes import delete_recipe, load_recipe, recipes, restore_recipe, save_recipe
from sealife_core.wording import short_number


def add_commands(commands: Any) -> None:
    """Add this group's commands to the command line. The flags of ``save`` are made from ViewRecipe, as the form is."""
    group = commands.add_parser("recipes", help="list, show, save, delete or restore view recipes")
    actions = group.add_subparsers(dest="action", required=True, metavar="ACTION")
    said = {
        "list": "list the built-in and saved recipes",
        "show": "show every setting of a recipe",
        "delete": "move a saved recipe to the trash",
        "restore": "restore a recipe from the trash",
        "save": "save a recipe under a name",
    }
    for name, text in said.items():
        action = actions.add_parser(name, help=text, description=text)
        if name != "list":
            action.add_argument("name", metavar="NAME", help="name of the recipe")
        if name == "save":
            action.add_argument("--from", dest="source", default="SimCLR", help="recipe to start from (default SimCLR)")
            for setting in describe(ViewRecipe):
                action.add_argument(flag_name(setting.path), **flag(setting))
    group.set_defaults(run=manage)


def manage(chosen: argparse.Namespace, output: Output) -> None:
    """The actions of ``recipes``."""
    if chosen.action == "list":
        rows = [_described(name, recipe) for name, recipe in recipes().items()]
        output.table(rows, {"name": "recipe", "kind": "", "differs": "differs from SimCLR in"}, empty="")
    elif chosen.action == "show":
        settings = load_recipe(chosen.name).model_dump()
        output.result(settings, "\n".join(f"{name}: {value}" for name, value in settings.items()))
    elif chosen.action == "save":
        given = {s.path: value for s in describe(ViewRecipe) if (value := getattr(chosen, s.path)) is not None}
        recipe = parse(ViewRecipe, load_recipe(chosen.source).model_dump() | nested(given))
        save_recipe(chosen.name, recipe)
        text = f"Saved '{chosen.name.strip()}'. Use it: train simclr --recipe '{chosen.name.strip()}'"
        output.result(_described(chosen.name.strip(), recipe), text)
    elif chosen.action == "delete":
        delete_recipe(chosen.name)
        text = f"Recipe '{chosen.name}' is in the trash; 'recipes restore' undoes it."
        output.result({"deleted": chosen.name}, text)
    else:
        restore_recipe(chosen.name)
        output.result({"restored": chosen.name}, f"Recipe '{chosen.name}' was restored.")


def _described(name: str, recipe: ViewRecipe) -> dict[str, Any]:
    base = RECIPES["SimCLR"].model_dump()
    differs = [f"{key} {short_number(value)}" for key, value in recipe.model_dump().items() if value != base[key]]
    kind = "built in" if name in RECIPES else "saved"
    return {"name": name, "kind": kind, "differs": ", ".join(differs), "settings": recipe.model_dump()}
