"""The Contrast page without a browser: what the matrix is given, and that a link shows the same."""

import inspect
import json
import subprocess
import sys
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sealife_core.config import RECIPES, SimclrConfig
from sealife_core.datasets.corrections.editing import rename_class
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast.similarities import anchor_loss
from sealife_core.runs.files import replace_json
from sealife_core.runs.run import MODEL, Run
from tests.dashboard.pages import components, visit


def given(app: AppTest) -> dict[str, Any]:
    """What the matrix is given."""
    assert not app.exception, app.exception[0].stack_trace
    (found,) = components(app)
    return found


@pytest.fixture
def link(tiny_reef: Dataset, pretrained: Run) -> dict[str, str | list[str]]:
    return {"dataset": tiny_reef.name, "encoder": pretrained.id, "batch": "4", "shuffle": "2"}


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def test_pairs__of_a_link_are_the_same_and_others_when_drawn_again(
    link: dict[str, str | list[str]], tiny_reef: Dataset, pretrained: Run
) -> None:
    app = visit("contrast", link)
    first, config = given(app), pretrained.config()
    assert len(first["views"]) == 2 * len(first["pictures"]) == 8
    assert first["labels"] == [tiny_reef.classes.index(picture["name"]) for picture in first["pictures"]]
    assert isinstance(config, SimclrConfig)
    assert (
        (first["own"], first["ownIs"]) == (first["temperature"], "of this run") == (config.temperature, "of this run")
    )
    assert {picture["id"] for picture in first["pictures"]} <= set(tiny_reef.manifest["id"])
    again = given(press(app, "Draw again"))
    assert (again["labels"], again["views"] == first["views"]) == (first["labels"], False)
    assert given(visit("contrast", {**link, "draw": "1"})) == again
    app.session_state["recipe"] = "Mild"
    mild = given(app.run())
    assert (mild["labels"], mild["views"] == again["views"]) == (first["labels"], False)
    assert given(press(app, "Other pictures"))["labels"] != first["labels"]


def test_pairs__follow_a_class_that_is_renamed_while_they_are_shown(
    link: dict[str, str | list[str]], tiny_reef: Dataset
) -> None:
    app = visit("contrast", link)
    first, name = given(app), given(app)["pictures"][0]["name"]
    rename_class(tiny_reef, name, f"{name} 2")
    now = given(app.run())
    assert now["views"] == first["views"]
    assert now["pictures"][0]["name"] == f"{name} 2"
    assert now["version"] != first["version"], "else the browser keeps what it shows"


def test_pairs__show_the_code_of_the_loss_and_the_usual_temperature_without_a_run(
    link: dict[str, str | list[str]],
) -> None:
    app = visit("contrast", {**link, "temperature": "0.05", "encoder": "untrained"})
    found = given(app)
    assert (found["own"], found["ownIs"], found["temperature"]) == (0.2, "the default", 0.05)
    assert [code.value for code in app.code] == [inspect.getsource(anchor_loss).rstrip()]


def test_pairs__are_drawn_as_the_run_was_trained_until_another_recipe_is_chosen(
    link: dict[str, str | list[str]], pretrained: Run
) -> None:
    file = pretrained.path / "config.json"

    def trained(recipe: str) -> None:
        replace_json(file, json.loads(file.read_text()) | {"views": RECIPES[recipe].model_dump()})

    trained("Shape")
    app = visit("contrast", link)
    assert any(one.value.startswith("Recipe Shape. Crops keep 60 to 100") for one in app.caption)
    shape = given(app)["views"]
    assert given(visit("contrast", {**link, "recipe": "Shape"}))["views"] == shape
    simclr = given(visit("contrast", {**link, "recipe": "SimCLR"}))["views"]
    assert simclr != shape
    trained("SimCLR")
    assert given(visit("contrast", link))["views"] == simclr
    trained("Mild")
    assert given(visit("contrast", {**link, "recipe": "SimCLR"}))["views"] == simclr, "a choice stays"


def test_pairs__of_a_damaged_model_are_a_sentence(link: dict[str, str | list[str]], pretrained: Run) -> None:
    (pretrained.path / MODEL).write_bytes(b"damaged")
    app = visit("contrast", link)
    assert not app.exception
    assert not components(app)
    assert app.error


@pytest.mark.process
def test_learning_and_breaking__open_without_torch() -> None:
    parts = [f"dashboard.app_pages.contrast.{name}" for name in ("learning", "breaking")]
    script = f"import sys, {', '.join(parts)}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], timeout=120).returncode == 0
