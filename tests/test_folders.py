"""Paths as people write them: what can be none is told in a sentence."""

from pathlib import Path

import pytest

from sealife_core.errors import SealifeError
from sealife_core.folders import home, path_of
from tests.nasty_names import TEXTS


@pytest.mark.parametrize("text", TEXTS.values())
def test_path_of__gives_a_path_or_a_sentence(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = "."
    try:
        path_of(text).exists()
    except SealifeError as error:
        said = str(error)
    assert said.endswith(".")
    assert len(said) < 500


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("~nosuchuser/x", "no user 'nosuchuser'"),
        ("crab\0red", "no file name can have"),
        ("x" * 5000, "too long"),
        ("蟹" * 200, "too long"),
        ("loop", "symbolic links"),
    ],
)
def test_path_of__says_what_is_wrong(text: str, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(SealifeError, match=word):
        path_of(text)


def test_path_of__keeps_what_is_not_there_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert path_of("~/new/file.csv") == tmp_path / "new" / "file.csv"


def test_home__of_an_unknown_user_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEALIFE_HOME", "~nosuchuser/lab")
    with pytest.raises(SealifeError, match="no user 'nosuchuser'"):
        home()
