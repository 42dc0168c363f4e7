"""The papers for those who work on the program name files that exist, and every page and folder that there is."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`((?:sealife_core|dashboard|tests|docs|benchmarks)/[\w./]*)`")
PAPERS = ("docs/architecture.md", "CONTRIBUTING.md", "README.md")
STARTED = re.compile(r"python -m (benchmarks(?:\.\w+)+)")
MEASURED = ("Makefile", "README.md", "benchmarks/RESULTS.md", "docs/scale.md")


@pytest.mark.parametrize("paper", PAPERS)
def test_paper__names_files_that_exist(paper: str) -> None:
    named = set(NAMED.findall((ROOT / paper).read_text()))
    assert named, "the pattern finds names"
    assert not {name for name in named if not (ROOT / name).exists()}


@pytest.mark.parametrize("paper", MEASURED)
def test_paper__names_benchmarks_that_can_be_started(paper: str) -> None:
    named = set(STARTED.findall((ROOT / paper).read_text()))
    assert named, "the pattern finds names"
    assert not {name for name in named if not (ROOT / name.replace(".", "/")).with_suffix(".py").exists()}


def test_architecture__has_every_folder_of_the_core_and_of_the_dashboard() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    tops = ("sealife_core", "dashboard")
    folders = {f"{top}/{file.parent.name}/" for top in tops for file in (ROOT / top).glob("*/__init__.py")}
    assert len(folders) > 10
    assert {folder for folder in folders if f"`{folder}`" not in text} == set()
