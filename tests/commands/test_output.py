"""What commands print and write: names that a terminal would obey are shown, files are whole or not at all."""

import json
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from sealife_core.__main__ import main
from sealife_core.commands.output import Output, destination, write_file
from sealife_core.errors import SealifeError
from tests.nasty_names import TEXTS

OBEYED = "\x1b\x07\x9b\x85\r\u202e\u2028\x08"


@pytest.mark.parametrize("as_json", [False, True])
def test_output__shows_every_name_and_obeys_none(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    names = list(TEXTS.values())
    output = Output(as_json=as_json)
    output.result(names, "\n".join(names))
    told = capsys.readouterr()
    output.table([{"name": name} for name in names], {"name": ":fish: [b]\x1b[1m"}, empty="")
    output.table([], {}, empty="\n".join(names))
    output.say("\n".join(names))
    output.problem("\n".join(names))
    with output.progress() as tell:
        tell("\x1b]0;owned\x07 [bold]", 1, 2)
    more = capsys.readouterr()
    for text in (told.out, more.out, more.err.replace("\x1b", "", more.err.count("\x1b[")).replace("\r", "")):
        assert not set(OBEYED) & set(text)
    if as_json:
        assert json.loads(told.out) == names
    else:
        assert "\\x1b]0;owned\\x07" in told.out
        assert ":red[x]" in more.out
        assert ":fish: [b]" in more.out


def test_output__as_json_is_json_whatever_numbers_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=True).result({"score": np.nan, "most": np.inf, "half": np.float32(0.5), "all": np.arange(2)})
    told = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert told == {"score": None, "most": None, "half": 0.5, "all": [0, 1]}


@pytest.mark.parametrize("place", range(3))
def test_json__may_stand_before_and_after_any_part_of_a_command(
    place: int, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["study", "list"]
    command.insert(place, "--json")
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_write_file__goes_into_a_pipe_and_never_replaces_it(tmp_path: Path) -> None:
    os.mkfifo(pipe := tmp_path / "pipe")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_file(pipe, "text", "--csv")
    assert os.read(reader, 10) == b"text"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_destination__says_what_is_no_place_for_a_file(tmp_path: Path) -> None:
    assert destination(tmp_path / "new.csv", "--csv") == tmp_path / "new.csv"
    for name, word in (
        (tmp_path, "got the folder"),
        (tmp_path / "no" / "x", "no such folder"),
        ("~nosuchuser/x", "no user"),
    ):
        with pytest.raises(SealifeError, match=word):
            destination(name, "--csv")
