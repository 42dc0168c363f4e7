"""A floor stands only on floors below it: read from the imports of every file."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GROUND = {"errors", "environment", "neutral", "places", "opening", "durable", "processes", "wording", "__init__"}
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
    "places": {"errors", "environment"},
    "opening": set(),
    "durable": {"errors"},
    "processes": set(),
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
    "commands": LAUNCHING | {"evaluation", "studies", "training", "demo"},
    "__main__": GROUND | {"commands"},
    "dashboard": LAUNCHING | {"evaluation", "studies", "demo"},
}
FILES = sorted((*ROOT.glob("sealife_core/**/*.py"), *ROOT.glob("dashboard/**/*.py")))


def floor_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return "dashboard" if parts[0] == "dashboard" else parts[1]


def imported_modules(file: Path) -> set[str]:
    """Everything ``file`` imports, in functions too."""
    tree = ast.parse(file.read_text())
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    return found | {f"{node.module}.{alias.name}" for node in froms for alias in node.names}


def test_files__are_found() -> None:
    assert len(FILES) > 50
    assert {floor_of(file) for file in FILES} - {"__init__"} == set(BELOW)


@pytest.mark.parametrize(
    "file", [f for f in FILES if floor_of(f) != "__init__"], ids=lambda f: str(f.relative_to(ROOT))
)
def test_floor__stands_only_on_floors_below(file: Path) -> None:
    floor = floor_of(file)
    stands_on = {module.split(".")[1] for module in imported_modules(file) if module.startswith("sealife_core.")}
    stands_on &= set(BELOW)
    assert stands_on <= BELOW[floor] | {floor}


@pytest.mark.parametrize(
    "file", [f for f in FILES if floor_of(f) != "dashboard"], ids=lambda f: str(f.relative_to(ROOT))
)
def test_core__knows_no_screen(file: Path) -> None:
    assert not {m for m in imported_modules(file) if m.split(".")[0] in ("streamlit", "dashboard")}
