"""The environment variables: how their text is read, and that the table in the docs is the program's own."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sealife_core import environment
from sealife_core.environment import ATTEMPT, HOSTS, READY_MINUTES, WORKER_COMMAND, Variable
from sealife_core.errors import SealifeError
from tests.project.source import nodes_of

ROOT = Path(__file__).resolve().parents[1]
OWN = [one for one in vars(environment).values() if isinstance(one, Variable)]
OTHERS = re.compile(r"(CUDA_|LOCAL_RANK|MASTER_|OMP_|PYTHON|RAY_|TORCH_|WANDB_|XDG_)[A-Z_]*")


def rows(heading: str) -> list[str]:
    """The table below ``heading`` in docs/environment.md, without its head."""
    text = (ROOT / "docs" / "environment.md").read_text(encoding="utf-8")
    _, _, section = text.partition(f"\n## {heading}\n")
    return [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("| `")]


def named(file: Path) -> Iterator[str]:
    """Every text and every name of an argument in ``file``."""
    for node in nodes_of(file):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg


@pytest.fixture(scope="module")
def in_code() -> dict[str, set[str]]:
    """Every such text or name → the files of the program that hold it."""
    found: dict[str, set[str]] = {}
    for file in (*ROOT.glob("sealife_core/**/*.py"), *ROOT.glob("dashboard/**/*.py")):
        for name in named(file):
            found.setdefault(name, set()).add(str(file.relative_to(ROOT)))
    return found


@pytest.mark.parametrize("variable", OWN, ids=lambda variable: variable.name)
def test_value__is_the_default_where_the_variable_is_not_set_or_empty(variable: Variable) -> None:
    assert variable.value({}) == variable.value({variable.name: ""}) == variable.default


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        (HOSTS, "lab.example, reef.example other", ("lab.example", "reef.example", "other")),
        (READY_MINUTES, "0", 0.0),
        (READY_MINUTES, "2.5", 2.5),
        (WORKER_COMMAND, "python 'my worker.py' -q", ("python", "my worker.py", "-q")),
        (ATTEMPT, "3", 3),
    ],
)
def test_value__is_parsed(variable: Variable, text: str, value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable.name, text)
    assert variable.value() == value
    assert variable.value({}) == variable.default, "of the environment that is given"


@pytest.mark.parametrize(
    ("variable", "text", "expected"),
    [
        (READY_MINUTES, "ten", "SEALIFE_READY_MINUTES is 'ten'; expected a number of minutes."),
        (ATTEMPT, "1.5", "SEALIFE_ATTEMPT is '1.5'; expected a whole number."),
        (WORKER_COMMAND, "python 'worker.py", "expected a command as a shell takes it."),
    ],
)
def test_value__of_a_damaged_text_says_what_was_expected(variable: Variable, text: str, expected: str) -> None:
    with pytest.raises(SealifeError, match=re.escape(expected)):
        variable.value({variable.name: text})


def test_docs__list_the_variables_of_the_module() -> None:
    assert len(OWN) > 5
    shown = [
        "" if one.default in ("", (), None) else one.default if isinstance(one.default, str) else f"{one.default:g}"
        for one in OWN
    ]
    expected = [f"| `{one.name}` | {default} | {one.meaning} |" for one, default in zip(OWN, shown, strict=True)]
    assert rows("Of this program") == expected


def test_program__reads_its_variables_through_the_module_alone(in_code: dict[str, set[str]]) -> None:
    assert {one.name for one in OWN} == {name for name in in_code if re.fullmatch("SEALIFE_[A-Z_]+", name)}
    assert {file for one in OWN for file in in_code[one.name]} == {"sealife_core/environment.py"}


def test_docs__list_the_variables_of_others_that_the_program_reads_or_sets(in_code: dict[str, set[str]]) -> None:
    used = {name: files for name, files in in_code.items() if OTHERS.fullmatch(name)}
    assert used.keys() == {
        name for row in rows("Of other programs") for name in re.findall("`([A-Z_]+)`", row.split("|")[1])
    }
    assert {file for files in used.values() for file in files} == {"sealife_core/environment.py"}


def test_program__reads_the_environment_in_the_module_alone() -> None:
    files = [file for file in ROOT.glob("sealife_core/**/*.py") if file.name != "environment.py"]
    reading = re.compile(r"getenv|environ\.get\(|environ\[\"|in os\.environ\b")
    assert len(files) > 150
    assert [file.name for file in files if reading.search(file.read_text(encoding="utf-8"))] == []


def test_text__tells_what_is_set_to_nothing_from_what_is_not_set() -> None:
    home = environment.TORCH_HOME
    assert (home.text({}, "x"), home.text({home.name: ""}, "x")) == ("x", "")
    assert (home.is_set({}), home.is_set({home.name: ""})) == (False, True)
