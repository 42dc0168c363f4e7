"""A floor stands only on floors below it: read from the imports of every file."""

import ast
from collections import Counter
from collections.abc import Iterable
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.project.source import nodes_of

ROOT = Path(__file__).resolve().parents[2]
GROUND = {
    "errors",
    "environment",
    "neutral",
    "folders",
    "opening",
    "durable",
    "processes",
    "wording",
    "progress",
    "claims",
    "trash",
    "__init__",
}
CONFIG = GROUND | {"config"}
MODELS = GROUND | {"models"}
STORES = CONFIG | MODELS
EVALUATION = STORES | {"datasets", "views", "runs"}
LAUNCHING = EVALUATION | {"launching"}
# What each floor may stand on, beside itself.
BELOW: dict[str, set[str]] = {
    "errors": set(),
    "neutral": set(),
    "environment": {"errors"},
    "folders": {"errors", "environment"},
    "opening": set(),
    "durable": {"errors", "progress"},
    "processes": set(),
    "progress": set(),
    "claims": {"durable", "opening", "processes"},
    "trash": {"durable"},
    "wording": set(),
    "config": GROUND,
    "models": GROUND,
    "datasets": STORES,
    "views": STORES,
    "runs": STORES,
    "evaluation": EVALUATION,
    "launching": EVALUATION,
    "studies": EVALUATION | {"evaluation"},
    "training": LAUNCHING | {"evaluation"},
    "demo": EVALUATION,
    "worker": EVALUATION | {"evaluation", "studies", "training"},
    "projection_worker": EVALUATION | {"evaluation"},
    "inference_worker": EVALUATION | {"evaluation"},
    "commands": LAUNCHING | {"evaluation", "studies", "training", "demo"},
    "__main__": GROUND | {"commands"},
    "dashboard": LAUNCHING | {"evaluation", "studies", "demo"},
}
# The same inside the dashboard.
UNDER_PARTS = {"words", "theme", "error_display", "state", "data", "cache", "background", "media", "correction_routes"}
INSIDE: dict[str, set[str]] = {
    "words": set(),
    "theme": set(),
    "garbage_collection": set(),
    "origin_check": set(),
    "error_display": {"words"},
    "state": {"words"},
    "data": {"words"},
    "cache": {"words", "data"},
    "background": {"cache"},
    "media": {"cache"},
    "correction_routes": {"cache", "data", "media"},
    "parts": UNDER_PARTS,
    "app_pages": UNDER_PARTS | {"parts"},
    "frame": {"garbage_collection", "state", "theme", "parts"},
    "Home": {"origin_check", "error_display", "media", "correction_routes"},
}
FILES = sorted((*ROOT.glob("sealife_core/**/*.py"), *ROOT.glob("dashboard/**/*.py")))


def floor_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return "dashboard" if parts[0] == "dashboard" else parts[1]


class Names(NamedTuple):
    """What a file imports, in functions too, from which module, and what it defines, also under ``if`` and ``try``.

    As often as they are there: names of the core that it calls otherwise, all its classes, and those and the assigned
    names of the module itself.
    """

    imported: set[tuple[str, str]]
    renamed: list[str]
    defined: set[str]
    classes: list[str]
    own_classes: list[str]
    own_assigned: list[str]


@cache
def names_in(file: Path) -> Names:
    names = Names(set(), [], set(), [], [], [])
    tree, *nodes = nodes_of(file)
    assert isinstance(tree, ast.Module)
    for node in tree.body:
        match node:
            case ast.ClassDef():
                names.own_classes.append(node.name)
            case ast.Assign():
                names.own_assigned.extend(target.id for target in node.targets if isinstance(target, ast.Name))
    for node in nodes:
        match node:
            case ast.Import():
                names.imported.update(("", alias.name) for alias in node.names)
            case ast.ImportFrom(module=str(module)):
                names.imported.update((module, alias.name) for alias in node.names)
                if module.startswith("sealife_core"):
                    names.renamed.extend(alias.asname for alias in node.names if alias.asname)
            case ast.FunctionDef() | ast.ClassDef():
                names.defined.add(node.name)
                names.classes.extend([node.name] if isinstance(node, ast.ClassDef) else [])
            case ast.Name(ctx=ast.Store()):
                names.defined.add(node.id)
    return names


def imported_modules(file: Path) -> set[str]:
    """Everything ``file`` imports, in functions too."""
    return {".".join(filter(None, imported)) for imported in names_in(file).imported}


def test_files__are_found() -> None:
    assert len(FILES) > 50
    assert {floor_of(file) for file in FILES} - {"__init__"} == set(BELOW)


def test_floor__stands_only_on_floors_below() -> None:
    too_high = {
        f"{file.relative_to(ROOT)}: {module}"
        for file in FILES
        if (floor := floor_of(file)) != "__init__"
        for module in imported_modules(file)
        if module.startswith("sealife_core.") and module.split(".")[1] in BELOW.keys() - BELOW[floor] - {floor}
    }
    assert too_high == set()


def test_imports__come_from_the_module_that_defines_the_name() -> None:
    """One door to each thing; packages that gather names for their callers (``sealife_core.config``) are exempt."""
    modules = {".".join(f.relative_to(ROOT).with_suffix("").parts): f for f in FILES if f.name != "__init__.py"}
    second_doors = [
        f"{file.relative_to(ROOT)}: {module}.{name}"
        for file in (*FILES, *ROOT.glob("tests/**/*.py"), *ROOT.glob("benchmarks/**/*.py"))
        for module, name in names_in(file).imported
        if module in modules and name not in names_in(modules[module]).defined
    ]
    assert second_doors == []


def test_core__knows_no_screen() -> None:
    core = [file for file in FILES if floor_of(file) != "dashboard"]
    screen = ("streamlit", "dashboard")
    assert [(file.name, m) for file in core for m in imported_modules(file) if m.split(".")[0] in screen] == []


NAMES = {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file for file in FILES}
SCREEN = sorted(name for name in NAMES if name.startswith("dashboard."))


def room_of(module: str) -> str:
    """ "cache" of "dashboard.cache.embeddings"."""
    return module.split(".")[1]


def modules_imported(name: str) -> set[str]:
    """Our modules that the module ``name`` imports, in functions too."""
    found = {module if module in NAMES else module.rpartition(".")[0] for module in imported_modules(NAMES[name])}
    return found & set(NAMES)


def stands_on(name: str) -> set[str]:
    """The modules of the dashboard that its module ``name`` imports."""
    return modules_imported(name) & set(SCREEN)


def test_rooms__are_found() -> None:
    assert {room_of(name) for name in SCREEN} == set(INSIDE)


def test_room__stands_only_on_rooms_below() -> None:
    too_high = {
        f"{name}: {other}"
        for name in SCREEN
        for other in stands_on(name)
        if room_of(other) not in INSIDE[room_of(name)] | {room_of(name)}
    }
    assert too_high == set()


def test_words_and_data__know_no_streamlit() -> None:
    plain = [name for name in SCREEN if room_of(name) in ("words", "data")]
    assert [n for n in plain for m in imported_modules(NAMES[n]) if m.split(".")[0] == "streamlit"] == []


def test_page__imports_no_other_page() -> None:
    pages = {name: name.split(".")[2] for name in SCREEN if name.startswith("dashboard.app_pages.")}
    assert len(set(pages.values())) == 12
    across = [(name, other) for name in pages for other in stands_on(name) & set(pages) if pages[name] != pages[other]]
    assert across == []


@pytest.mark.parametrize("program", ["dashboard", "sealife_core"])
def test_modules__import_each_other_in_no_circle(program: str) -> None:
    own = {name for name in NAMES if name.startswith(f"{program}.")}
    assert len(own) > 100
    TopologicalSorter({name: modules_imported(name) & own for name in own}).prepare()  # raises CycleError


# A file here is named for the page, the kind of run or the command that it serves, which others serve too.
BY_SUBJECT = ("sealife_core/commands/", "sealife_core/config/", "dashboard/cache/", "dashboard/state/")
OF_EVERY_FOLDER = {"__init__", "__main__", "page"}


def repeated(names: Iterable[str]) -> set[str]:
    return {name for name, times in Counter(names).items() if times > 1}


def test_names__of_modules_say_which_one() -> None:
    own = [file for file in FILES if not file.relative_to(ROOT).as_posix().startswith(BY_SUBJECT)]
    assert len(own) > 200
    assert repeated(file.stem for file in own) - OF_EVERY_FOLDER == set()


def test_names__of_public_classes_mean_one_thing() -> None:
    classes = [name for file in FILES for name in names_in(file).classes]
    assert len(classes) > 100
    assert {name for name in repeated(classes) if not name.startswith("_")} == set()


def test_names__of_types_in_the_core_mean_one_thing() -> None:
    """Classes, and aliases such as ``Space = Literal["h", "z"]``."""
    core = [names_in(file) for file in FILES if floor_of(file) != "dashboard"]
    types = [
        name for names in core for name in names.own_assigned if name[0].isupper() and name[1:] != name[1:].upper()
    ]
    assert {"Space", "Metric"} < set(types)
    assert repeated([*types, *(name for names in core for name in names.own_classes)]) == set()


def test_names__of_the_core_are_imported_as_they_are() -> None:
    core = [file for file in FILES if floor_of(file) != "dashboard"]
    assert {file.name: names_in(file).renamed for file in core if names_in(file).renamed} == {}


def test_runs__are_found_by_their_id_through_one_door() -> None:
    """``Run`` itself takes a folder; whoever has an id asks ``open_run`` (it must be there) or ``noted_run``."""
    made = [
        (file.name, node.lineno)
        for file in FILES
        for node in nodes_of(file, r"\bRun\s*\(")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Run"
        and isinstance(node.args[0], ast.BinOp)
    ]  # fmt: skip
    assert [name for name, _ in made] == ["directory.py"], made
