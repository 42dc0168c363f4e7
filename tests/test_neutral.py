"""What a person wrote, on its way into CSVs, terminals and Streamlit's Markdown; and that no other way is taken."""

import ast
import csv
import io
import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealife_core.neutral import csv_cell, csv_of, csv_text, terminal_json, terminal_lines, terminal_text
from tests.nasty_names import TEXTS
from tests.project.source import nodes_of

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((*ROOT.glob("sealife_core/**/*.py"), *ROOT.glob("dashboard/**/*.py")))
PAGES = [file for file in FILES if file.is_relative_to(ROOT / "dashboard")]
FORMULA_SIGNS = tuple("=+-@＝＋－＠\t\r\n")


def storable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


FORMULAS = ["＝1+1", ' "=1', "\ufeff=1", "-1 day", "'=1", "''=1", "a;=1", "a\t@b"]
NO_FORMULAS = ["-0.5", "+3", "-1e-05", "-.5", "0", "crab", "a, -2 m", "5-6", "a=b", "me@sea", "'crab'"]


@pytest.mark.parametrize("text", [*TEXTS.values(), *FORMULAS])
def test_csv_cell__begins_no_formula_and_is_read_back_exactly(text: str) -> None:
    cell = csv_cell(text)
    assert not cell.lstrip().startswith(FORMULA_SIGNS)
    assert not any(part.lstrip(' "').startswith(FORMULA_SIGNS) for part in cell.replace("\t", ";").split(";"))
    assert csv_text(cell) == storable(text)


@pytest.mark.parametrize("text", NO_FORMULAS)
def test_csv_cell__leaves_numbers_and_other_words_as_they_are(text: str) -> None:
    assert csv_cell(text) == text


@given(st.text(st.sampled_from("'=-+@5.e ;\t\r\n\"a\ufeff＝"), max_size=12))
def test_csv_text__undoes_every_cell(text: str) -> None:
    assert csv_text(csv_cell(text)) == text


def test_csv_of__keeps_rows_together_and_numbers_numbers() -> None:
    names = [storable(text) for text in TEXTS.values() if "\0" not in text]
    table = pd.DataFrame({"=name": names, "x": pd.Series(range(len(names)), dtype="float32") / -10})
    rows = list(csv.reader(io.StringIO(csv_of(table), newline="")))
    assert rows[0] == ["'=name", "x"]
    assert [csv_text(row[0]) for row in rows[1:]] == names
    assert rows[2][1] == "-0.1"
    assert table.columns[0] == "=name"


@pytest.mark.parametrize("text", TEXTS.values())
def test_terminal__is_given_nothing_to_obey(text: str) -> None:
    obeyed = {"Cc", "Cs", "Zl", "Zp"}
    for shown in (terminal_text(text), *terminal_lines(text).split("\n"), *terminal_json(text).split("\n")):
        assert not [c for c in shown if unicodedata.category(c) in obeyed or unicodedata.bidirectional(c) in BIDI]
    assert json.loads(terminal_json(text)) == text


BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def test_terminal_text__writes_out_what_it_took_away() -> None:
    assert terminal_text("\x1b[31m\x9bm\u202e\r\n\tcrab é 蟹") == "\\x1b[31m\\x9bm\\u202e\\r\\n\\tcrab é 蟹"
    assert terminal_lines("one\x1b\ntwo") == "one\\x1b\ntwo"


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def test_csv__is_written_by_one_function() -> None:
    writers = {"writer", "DictWriter", "to_csv", "savetxt", "to_excel", "to_clipboard"}
    calls = rf"\b({'|'.join(writers)})\s*\("
    found = {file.name: names for file in FILES if (names := writers & {*map(called, calls_in(file, calls))})}
    assert found == {"neutral.py": {"to_csv"}}


def calls_in(file: Path, where: str = "") -> list[ast.Call]:
    return [node for node in nodes_of(file, where) if isinstance(node, ast.Call)]


MARKDOWN = {
    "badge", "button", "caption", "checkbox", "download_button", "error", "expander", "feedback", "file_uploader",
    "form_submit_button", "header", "info", "link_button", "markdown", "metric", "multiselect", "number_input",
    "page_link", "pills", "popover", "progress", "radio", "say", "segmented_control", "select_slider", "selectbox",
    "slider", "spinner", "status", "subheader", "success", "table", "tabs", "text_area", "text_input", "title",
    "toast", "toggle", "warning", "write",
}  # fmt: skip
NOT_SHOWN = {"key", "icon", "on_click", "on_change", "args", "kwargs", "type", "width", "value", "data", "file_name"}
# What these give is made of our own words and of numbers, or has been through `plain` already.
OURS = {
    "_count", "_counted", "_next", "_plus", "_seed", "_summary", "believed", "beside", "between", "capitalize",
    "contents", "counted", "duration", "interval", "join", "len", "lower", "measure_title", "min", "percent", "planned",
    "points", "progress_sentence", "quote", "recipe_says", "recipe_teaches", "request_stop", "round", "says", "size",
    "source_run", "spoken", "state", "state_words", "title_of",
}  # fmt: skip

OUR_FIELDS = {
    "best.number", "dataset.version", "found.says", "found.span", "look.method", "panel.title", "place.name",
    "place.says", "row.number", "setting.says", "setting.title", "setting.unit", "sheeted.says",
}  # fmt: skip
PLAIN_TEXT = {"selectbox", "multiselect"}  # their options, unlike their labels, are shown as they are


def _parts(value: ast.expr) -> Iterator[str]:
    """The names of ``a.b[c].d`` from the right: d, b, a."""
    while isinstance(value, ast.Subscript | ast.Attribute):
        if isinstance(value, ast.Attribute):
            yield value.attr
        value = value.value
    if isinstance(value, ast.Name):
        yield value.id


def is_neutral(value: ast.expr) -> bool:
    """Whether a value inside of an f-string may be given to Markdown, as far as its own text says."""
    if isinstance(value, ast.FormattedValue):
        return value.format_spec is not None or is_neutral(value.value)
    if isinstance(value, ast.JoinedStr):
        return all(map(is_neutral, value.values))
    if isinstance(value, ast.IfExp):
        return is_neutral(value.body) and is_neutral(value.orelse)
    if isinstance(value, ast.Call):
        return called(value) in {"plain"} | OURS
    if isinstance(value, ast.Subscript | ast.Attribute):
        return ast.unparse(value) in OUR_FIELDS or any(part.isupper() for part in _parts(value))  # a table of words
    return True  # a constant, arithmetic or a local name: what that holds, the walk over the pages shows


def shown_values(call: ast.Call) -> Iterator[ast.FormattedValue]:
    """Every value of an f-string that ``call`` is given to show."""
    hidden = NOT_SHOWN | ({"options", "format_func"} if called(call) in PLAIN_TEXT else set())
    labels = call.args[:1] if called(call) in PLAIN_TEXT | {"download_button"} else call.args
    shown = [*labels, *(word.value for word in call.keywords if word.arg not in hidden)]
    for part in shown:
        yield from (node for node in ast.walk(part) if isinstance(node, ast.FormattedValue))


def test_markdown__is_given_names_through_one_function() -> None:
    assert len(PAGES) > 50
    found = [
        f"{file.name}:{value.lineno}: {ast.unparse(value.value)}"
        for file in PAGES
        for call in calls_in(file)
        if called(call) in MARKDOWN
        for value in shown_values(call)
        if not is_neutral(value)
    ]
    assert found == []  # wrap it in dashboard.error_display.plain, or say above why it needs none


def test_markdown__the_rule_finds_a_bare_name() -> None:
    call = ast.parse('st.markdown(f"**{run.name}**: {len(rows):,} of {plain(run.data)}")').body[0]
    assert isinstance(call, ast.Expr)
    assert isinstance(call.value, ast.Call)
    assert [ast.unparse(v.value) for v in shown_values(call.value) if not is_neutral(v)] == ["run.name"]
