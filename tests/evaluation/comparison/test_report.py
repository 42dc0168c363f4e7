"""The comparison as one file: whole, self-contained, every name escaped; its figures."""

from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sealife_core.config import preset
from sealife_core.errors import RunError
from sealife_core.evaluation.comparison.comparison_rows import comparison
from sealife_core.evaluation.comparison.paired import class_changes, paired
from sealife_core.evaluation.comparison.report import comparison_html
from sealife_core.evaluation.figures.comparison_figures import as_svg, class_figure, comparison_figure, ladder_figure
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from tests.finished.runs import next_where, predictions_of, with_predictions
from tests.nasty_names import TEXTS

CLASSES = ("<i>crab</i>", "eel & ray", 'squid"')


class Page(HTMLParser):
    """What a browser would fetch, the tags it would build, the text it would show."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.tags: list[str] = []
        self.words = ""
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name.split(":")[-1] in ("src", "href", "srcset", "data", "action", "poster"):
                self.fetched.append(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_data(self, data: str) -> None:
        self.words += data


def finished(name: str, right: int, n: int = 60, ids: list[str] | None = None, labels: list[str] | None = None) -> Run:
    """A run that names the first ``right`` of ``n`` images right."""
    truth = np.array([CLASSES.index(label) for label in labels]) if labels else np.arange(n) % 3
    said = next_where(np.arange(n) >= right, truth, len(CLASSES))
    table = predictions_of(ids or [f"i{k}" for k in range(n)], truth, said, CLASSES)
    return with_predictions(create_run(preset("scratch", seed=right), name=name), table, CLASSES)


def test_report__fetches_nothing_from_anywhere(home: Path) -> None:
    text = comparison_html([finished("a", 40), finished("b", 20), finished("c", 30)])
    page = Page(text)
    assert page.tags.count("svg") == 3, "accuracy, macro-F1 and classes are drawn into the page"
    assert page.fetched, "the charts refer to their own parts"
    assert all(found.startswith("#") for found in page.fetched)
    assert {found[1:] for found in page.fetched} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert not {"script", "link", "iframe", "object", "embed", "base"} & set(page.tags)
    assert "@import" not in text
    assert "url(http" not in text


def test_report__escapes_every_name(home: Path) -> None:
    runs = [finished("<script>alert(1)</script>", 40), finished('"><img src=x>', 20)]
    page = Page(comparison_html(runs, title="<b>title</b>"))
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert "i" not in page.tags
    assert "<script>alert(1)</script>" in page.words
    assert "<i>crab</i>" in page.words
    assert "<b>title</b>" in page.words


def test_report__says_what_was_found(home: Path) -> None:
    words = Page(comparison_html([finished("worse", 20), finished("better", 40), finished("least", 10)])).words
    assert "Use better: its accuracy is 33.3 points higher than that of the next best, worse" in words
    assert "Compared with worse, better fixes 20 images and breaks 0 of 60; p < 0.0001." in words
    assert "66.7 % (54.1 % to 77.3 %)" in words, "Wilson's interval of 40 in 60"
    assert "all 3 pairs" in words
    assert "Seed" in words


def test_report__of_a_chosen_pair(home: Path) -> None:
    a, b = finished("a", 40), finished("b", 20)
    assert (
        "Compared with a, b fixes 0 images and breaks 20 of 60"
        in Page(comparison_html([a, b], pair=(a.id, b.id))).words
    )


def test_report__refuses_what_cannot_be_compared(home: Path) -> None:
    with pytest.raises(RunError, match="None of these runs has been tested"):
        comparison_html([create_run(preset("scratch"))])
    a, other = finished("a", 40), finished("b", 20)
    RunWriter(other).results(test=(other.results() or {})["test"], test_hash="other")
    with pytest.raises(RunError, match="not tested on the same images"):
        comparison_html([a, other], pair=(a.id, other.id))


def test_report__holds_pictures_only_if_asked(home: Path, tiny_reef) -> None:
    rows = tiny_reef.rows("test")
    ids = tiny_reef.manifest["id"].iloc[rows].tolist()
    runs = [finished(name, right, len(ids), ids) for name, right in (("a", 4), ("b", 2))]
    assert "img" not in Page(comparison_html(runs)).tags
    page = Page(comparison_html(runs, pictures=1))
    pictures = [found for found in page.fetched if not found.startswith("#")]
    assert len(pictures) == 3, "one of fixed, both right and both wrong; nothing is broken"
    assert all(found.startswith("data:image/jpeg;base64,") for found in pictures)
    assert sum(tiny_reef.file_names[row] in page.words for row in rows) == 3, "each with its original file name"


def test_figures__are_drawn_for_a_notebook(home: Path) -> None:
    runs = [finished("a $x$", 40), finished("b", 20)]
    rows = comparison(runs)
    axes = comparison_figure(rows).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["ResNet18, random weights", "a $x$", "b"]
    frames = [pd.read_parquet(run.path / "predictions.parquet") for run in runs]
    changes = class_changes(paired(frames[1], frames[0]))
    bars = [patch.get_width() for patch in class_figure(changes).axes[0].patches]
    assert sum(width for width in bars if width > 0) == 20
    line = ladder_figure([(0, rows[1]), (5, rows[0])]).axes[0].lines[0]
    assert list(line.get_xdata()) == [0, 5]


def test_as_svg__is_the_same_for_the_same_figure(home: Path) -> None:
    rows = comparison([finished("a", 40)])
    first, again = (as_svg(comparison_figure(rows), "x") for _ in range(2))
    assert first == again
    assert first.startswith("<svg")
    assert "metadata" not in first


@pytest.mark.slow
def test_report__names_that_break_programs_add_no_tag_and_are_shown(home: Path) -> None:
    nasty = [text for text in TEXTS.values() if text.strip() and set(text) & set("<>&\"'`${}%[]")]
    assert len(nasty) > 10

    def page(names: list[str]) -> Page:
        runs = [finished(name, 10 + n) for n, name in enumerate(names)]
        return Page(comparison_html(runs, pair=(runs[0].id, runs[1].id)))

    shown, plain = page(nasty), page([f"run {n}" for n in range(len(nasty))])
    assert sorted(set(shown.tags)) == sorted(set(plain.tags))
    assert not [tag for tag in ("script", "img", "iframe") if shown.tags.count(tag) != plain.tags.count(tag)]
    squeezed = "".join(shown.words.split())
    assert [name for name in nasty if "".join(name.split()) not in squeezed] == []
