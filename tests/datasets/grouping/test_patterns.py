"""Groups from names of files, and what is no pattern."""

import time

import pytest

from sealife_core.datasets.corrections.draft import check_values
from sealife_core.datasets.dataset import Dataset
from sealife_core.datasets.grouping import expressions
from sealife_core.datasets.grouping.exif import Written
from sealife_core.datasets.grouping.patterns import groups_of, numbered, parse_pattern
from sealife_core.errors import DatasetError
from tests.nasty_names import FILE_NAMES

EXPRESSIONS = [
    (r"regex:^(\w+)/", "crab/a.jpg", "crab"),
    (r"regex:site(\d)?", "site.jpg", ""),
    (r"regex:(\d+)", "crab.jpg", ""),
]


def grouped(pattern: str, *names: str) -> list[str]:
    def written() -> list[Written]:
        raise AssertionError("a name needs no file")

    return groups_of(parse_pattern(pattern), names, written)


@pytest.mark.parametrize(
    ("pattern", "name", "group"),
    [
        ("parent", "crab/dive 3/a.jpg", "dive 3"),
        ("parent", "crab\\dive 3\\a.jpg", "dive 3"),
        ("parent", "a.jpg", ""),
        ("grandparent", "survey/site A/crab/1.jpg", "site A"),
        ("grandparent", "crab/1.jpg", ""),
        ("part:1", "crab/site-A_dive3_0001.jpg", "site"),
        ("part:1:_", "crab/site-A_dive3_0001.jpg", "site-A"),
        ("part:2:_", "site-A__dive3_0001.jpg", "dive3"),
        ("part:-1:_", "site-A_dive3_0001.jpg", "0001"),
        ("part:4:_", "site-A_dive3_0001.jpg", ""),
        ("part:-4:_", "site-A_dive3_0001.jpg", ""),
        ("stem", "crab/dive 3_0017.jpg", "dive 3"),
        ("stem", "dive (17).jpg", "dive"),
        ("stem", "0017.jpg", ""),
        ("stem", "crab.jpg", ""),
        *(pytest.param(*of, marks=pytest.mark.process) for of in EXPRESSIONS),
    ],
)
def test_groups_of__a_name(pattern: str, name: str, group: str):
    assert grouped(pattern, name) == [group]
    assert str(parse_pattern(pattern)) == pattern


@pytest.mark.parametrize(
    "text", ["", "folder", "part", "part:0", "part:x", "part:²", "regex:", "parent:2", "part:1000"]
)
def test_parse_pattern__refuses_any_other(text: str):
    with pytest.raises(DatasetError, match=r"expected parent, grandparent, part:N|needs a number"):
        parse_pattern(text)


@pytest.mark.process
@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("(a", "is no regular expression: missing"),
        ("a+", "has 0 groups; expected one"),
        ("(a)(b)", "has 2 groups; expected one"),
        ("(" * 400 + ")" * 99, "is no regular expression"),
        ("(a" + "b" * 500 + ")", "has 1 to 500 characters"),
    ],
)
def test_expression__that_cannot_be_used_is_one_sentence(expression: str, says: str):
    with pytest.raises(DatasetError, match=says):
        grouped(f"regex:{expression}", "a.jpg")


@pytest.mark.process
@pytest.mark.parametrize("expression", ["^((?:a+)+)$", "^(?:(?:.*)*)*(é)$"])
def test_expression__that_would_never_end_is_stopped(expression: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(expressions, "WITHIN_S", 1.0)
    began = time.monotonic()
    with pytest.raises(DatasetError, match="takes too long"):
        grouped(f"regex:{expression}", "a" * 60 + "!.jpg")
    assert time.monotonic() - began < 30


def test_groups_of__a_name_that_is_too_long_is_told_from_others_and_printable():
    long = "x" * 150
    one, other, odd = grouped("parent", f"{long}1/a.jpg", f"{long}2/a.jpg", " a\tb\u200b /c.jpg")
    assert one != other
    assert max(len(one), len(other)) <= 100
    assert odd == "a b"


def test_groups_of__a_name_is_one_however_its_accents_are_stored():
    assert grouped("parent", "cafe\u0301/a.jpg", "caf\u00e9/a.jpg", "caf\u00e9\u200b/a.jpg") == ["caf\u00e9"] * 3


def test_groups_of__nasty_names_can_be_written_as_corrections(tiny_reef: Dataset):
    names = [f"{name}/{name}.jpg" for name in FILE_NAMES.values()]
    groups = [group for pattern in ("parent", "part:1", "stem") for group in grouped(pattern, *names)]
    assert len(set(groups)) > 30
    for group in groups:
        check_values({"group": group}, tiny_reef)


def test_numbered__finds_the_number_at_the_end():
    found = [numbered(stem) for stem in ("dive 3_0017", "dive 3 (17)", "0017", "x" + "9" * 5000, "crab", "")]
    assert found == [("dive 3", 17), ("dive 3", 17), ("", 17), ("x", 10**18 - 1), None, None]
