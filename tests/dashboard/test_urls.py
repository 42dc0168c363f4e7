"""Whatever a URL says, every page opens: it takes what it can read and leaves the rest."""

import shutil
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dashboard import state
from sealife_core.config import TASKS
from sealife_core.runs.directory import list_runs
from tests.dashboard.pages import FEW, PAGES, visit

STATES = [module for module in vars(state).values() if isinstance(module, ModuleType)]
KEYS = sorted({str(key) for module in STATES for key in vars(module).values() if isinstance(key, state.UrlKey)})
WORDS = [
    "", "0", "-1", "1", "7" * 5000, "0000009999", "99999999", "1e9", "NaN", "\u0663", "\u00b2", "[", "{}", "[" * 5000,
    '{"neighbours": []}', '{"dims": 1e400, "of": "z"}', "told", "guess", "own", "calibration", "classes", "0-5000",
    "5-", "3.3.3", "9.9", "0000009999.1", "reef", "../x", "\0", "a" * 300, "<b>", "umap", "film", "h", "all", "alone",
    "new", "search", "labels", "probe", "Quick look", "crab", "Pictures", "Checks", "Places", "Image by image",
    "Curves",
]  # fmt: skip


@settings(FEW)
@given(data=st.data())
def test_url__of_any_kind_opens_every_page(
    models: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    home = tmp_path_factory.mktemp("urls")
    shutil.copytree(models, home, dirs_exist_ok=True)
    monkeypatch.setenv("SEALIFE_HOME", str(home))
    ids = [run.id for run in list_runs()]
    words = st.sampled_from([*WORDS, *ids]) | st.text(max_size=5)
    urls = st.dictionaries(st.sampled_from(KEYS), words | st.lists(words, min_size=2, max_size=3), max_size=12)
    drawn = data.draw(st.tuples(*[urls] * len(PAGES)))
    assume(sum(map(len, drawn)) > 20)
    for page, asked in zip(PAGES, drawn, strict=True):
        app = visit(page, asked)
        assert not app.exception, (page, asked, app.exception[0].stack_trace)


@pytest.mark.parametrize(
    ("page", "asked"),
    [
        ("compare", {"compare": ["{run}", "{run}"]}),
        ("gallery", {"show": "guess", "guesses": "0000009999", "turn": "told"}),
        ("gallery", {"sure": "7" * 5000 + "-" + "7" * 5000, "leaf": "7" * 5000}),
        ("gallery", {"show": "guess", "seed": "\u0663", "guesses": "7" * 5000}),
        ("embeddings", {"umap": "[" * 5000}),
        ("runs", {"run": ["{run}", "{run}"]}),
    ],
)
def test_url__that_once_stopped_a_page_opens_it(
    models: Path, monkeypatch: pytest.MonkeyPatch, page: str, asked: dict[str, str | list[str]]
) -> None:
    monkeypatch.setenv("SEALIFE_HOME", str(models))
    probe = next(run.id for run in list_runs() if run.notes()["name"] == "Probe")
    app = visit(page, {key: [probe] * len(value) if isinstance(value, list) else value for key, value in asked.items()})
    assert not app.exception, app.exception[0].stack_trace


@pytest.mark.parametrize("asked", ["embed", TASKS["embed"].title])
def test_url__names_a_choice_by_its_key_or_its_word(models: Path, monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    monkeypatch.setenv("SEALIFE_HOME", str(models))
    app = visit("train", {"task": asked})
    assert TASKS["embed"].says in [found.value for found in app.markdown]
    assert app.session_state["task"] == "embed"


@pytest.mark.parametrize(
    ("page", "key", "value"),
    [
        ("studies", "question", "depth"),
        ("studies", "kind", "search"),
        ("data", "split", "val"),
        ("runs", "of", "all"),
        ("compare", "score", "macro_f1"),
    ],
)
def test_url__takes_the_key_of_every_choice_that_is_shown_by_another_word(
    models: Path, monkeypatch: pytest.MonkeyPatch, page: str, key: str, value: str
) -> None:
    monkeypatch.setenv("SEALIFE_HOME", str(models))
    app = visit(page, {"study": "new", key: value})
    assert not app.exception
    assert app.session_state[key] == value


@pytest.mark.parametrize("page", PAGES[1:])
def test_url__opens_the_page_that_it_names(models: Path, monkeypatch: pytest.MonkeyPatch, page: str) -> None:
    monkeypatch.setenv("SEALIFE_HOME", str(models))
    assert [title.value for title in visit(page, {}).title] == [page.capitalize()]
