"""A walk over all pages where everything that a person can name has a name that Markdown would obey."""

from collections.abc import Iterator
from typing import Any

import pytest

from dashboard.words import plain
from sealife_core.datasets.dataset import Dataset, write_dataset
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from tests.dashboard.pages import visit
from tests.finished.runs import classifier_run, predictions_on, with_predictions
from tests.nasty_names import TEXTS

DATA = "www.evil.example _x_"  # a folder's name, so it may hold no more
CLASSES = [TEXTS[what] for what in ("markup", "link", "bold", "entity", "dollar", "url", "escape sequence", "formula")]
CLASSES += [":fish: :material/home: **x**", "me@evil.example *x*"]
RUNS = ["https://evil.example/*a*", ":red[x] &copy; $a$ `b`"]
TAG, PROBLEM = "[tag](http://evil.example)", "No such file: '*a*/_b_/[c](http://evil.example)'"
NAMES = [DATA, *CLASSES, *RUNS, TAG, PROBLEM]
"""Each holds a sign that is written differently in Markdown: found as it is, it was not escaped."""

# Kinds of elements whose text or label is Markdown; others show theirs letter by letter, or are HTML.
MARKDOWN = (
    "markdown", "caption", "title", "header", "subheader", "error", "warning", "info", "success", "toast", "button",
    "checkbox", "radio", "toggle", "button_group", "download_button", "link_button", "metric", "tab", "expander",
    "progress", "text_input", "selectbox", "multiselect", "slider", "number_input", "popover", "table",
)  # fmt: skip


@pytest.fixture
def runs(tiny_reef: Dataset) -> list[Run]:
    """Two tested classifiers and a failed one, of a data set whose classes are called CLASSES."""
    assert all(plain(name) != name for name in NAMES)
    called = dict(zip(tiny_reef.classes, CLASSES, strict=True))
    manifest = tiny_reef.manifest.assign(label=tiny_reef.manifest["label"].map(called))
    tiny_reef.folder.rename(folder := tiny_reef.folder.parent / DATA)
    dataset = write_dataset(folder, manifest, {"source": RUNS[0]})
    found = [with_scores(dataset, name, seed) for seed, name in enumerate(RUNS)]
    failed = classifier_run(dataset, RUNS[1])
    failed.write_notes(tags=[TAG])
    RunWriter(failed).status(state="failed", error={"what": PROBLEM, "next": PROBLEM}, warnings=[PROBLEM])
    return [*found, failed]


def with_scores(dataset: Dataset, name: str, seed: int) -> Run:
    table = predictions_on(dataset, lambda place: place % (3 + seed) == 0)
    return with_predictions(classifier_run(dataset, name, seed=seed), table, dataset.classes, dataset.test_hash)


def test_pages__give_no_name_to_markdown_as_it_is(runs: list[Run]) -> None:
    good, other, failed = (run.id for run in runs)
    app = visit("home")
    seen = ""
    for page, query in [
        ("home", {}), ("data", {}), ("data", {"look": "Checks"}), ("views", {}), ("train", {}), ("studies", {}),
        ("runs", {"run": failed}), ("compare", {}), ("compare", {"compare": [good, other]}),
        ("embeddings", {}), ("gallery", {}), ("gallery", {"show": "classes"}), ("gallery", {"show": "guess"}),
    ]:  # fmt: skip
        app.query_params.clear()
        app.query_params.update(query)
        app = app.switch_page(f"app_pages/{page}/page.py").run()
        assert not app.exception, page
        told = [text for kind in MARKDOWN for element in app.get(kind) for text in texts(element.proto)]
        assert told, page
        found = [text for name in NAMES for text in told if name in text]
        assert found == [], page
        seen += "".join(told)
    assert [name for name in NAMES if plain(name) not in seen] == [], "a name that no page shows was not tried"


def texts(proto: Any) -> Iterator[str]:
    """Every text of an element that Streamlit reads as Markdown."""
    for field in ("body", "label", "help", "text", "title"):
        if isinstance(text := getattr(proto, field, None), str):
            yield text
    for option in getattr(proto, "options", []):
        yield getattr(option, "content", "")
