import itertools
import json
import math
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealife_core.runs.files import (
    LineReader,
    UnreadableFile,
    append_line,
    plain,
    read_json,
    replace_json,
    tail,
)


def test_replace_json__reads_back_and_leaves_no_other_file(tmp_path: Path):
    replace_json(tmp_path / "a.json", {"ä": [1, 2]})
    replace_json(tmp_path / "a.json", {"ä": [3]})
    assert read_json(tmp_path / "a.json") == {"ä": [3]}
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_plain__makes_arrays_lists_and_nan_null():
    given = {"a": np.float32(0.5), "b": np.arange(3), "c": (1, math.nan), 4: math.inf, "p": Path("x"), "t": True}
    made = plain(given)
    assert made == {"a": 0.5, "b": [0, 1, 2], "c": [1, None], "4": None, "p": "x", "t": True}
    json.dumps(made, allow_nan=False)


def test_read_json__says_what_is_wrong(tmp_path: Path):
    path = tmp_path / "a.json"
    assert read_json(path) is None
    for broken in ('{"half": ', "", "[1, 2]", "\udc80"):
        path.write_text(broken, errors="surrogateescape")
        with pytest.raises(UnreadableFile, match=r"a\.json"):
            read_json(path)


@given(cuts=st.lists(st.integers(0, 200), max_size=8))
def test_line_reader__gives_every_line_once_however_the_file_grows(cuts: list[int]):
    values = [{"step": i, "word": "äö" * i} for i in range(6)]
    text = "".join(json.dumps(v, ensure_ascii=False) + "\n" for v in values).encode()
    bounds = [0, *sorted(min(c, len(text)) for c in cuts), len(text)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl"
        reader, found = LineReader(path), []
        for start, end in itertools.pairwise(bounds):
            with path.open("ab") as file:
                file.write(text[start:end])
            found += list(reader.poll())
        assert found == values


def test_line_reader__leaves_a_half_written_line(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"step": 1}\n{"step": 2')
    reader = LineReader(path)
    assert list(reader.poll()) == [{"step": 1}]
    with path.open("a") as file:
        file.write("}\n")
    assert list(reader.poll()) == [{"step": 2}]


def test_line_reader__skips_garbage(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'nonsense\n{"step": 1}\n\n[1]\n\xff\xfe\n{"step": 2}\n')
    reader = LineReader(path)
    assert list(reader.poll()) == [{"step": 1}, {"step": 2}]


def test_line_reader__begins_anew_with_a_file_that_did(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"step": 1}\n{"step": 2}\n')
    reader = LineReader(path)
    list(reader.poll())
    path.write_text('{"step": 9}\n')
    assert list(reader.poll()) == [None, {"step": 9}]


def test_line_reader__tells_a_new_attempt_from_the_old_one_in_the_same_inode(tmp_path: Path):
    path = tmp_path / "metrics.jsonl"
    append_line(path, {"step": 1, "time": 100.5})
    reader = LineReader(path)
    assert [row and row["time"] for row in reader.poll()] == [100.5]
    inode = path.stat().st_ino
    rows = "".join(json.dumps({"step": step, "time": 200.5 + step}) + "\n" for step in (1, 2, 3))
    path.write_text(rows)  # longer than what was read, in the same inode: as when a file system gives it again
    assert path.stat().st_ino == inode
    assert [row and row["time"] for row in reader.poll()] == [None, 201.5, 202.5, 203.5]
    append_line(path, {"step": 4, "time": 300.0})
    assert [row and row["step"] for row in reader.poll()] == [4]


def test_line_reader__of_a_file_that_began_anew_and_is_empty_says_so_once(tmp_path: Path):
    path = tmp_path / "metrics.jsonl"
    append_line(path, {"step": 1})
    reader = LineReader(path)
    list(reader.poll())
    path.write_text("")
    assert list(reader.poll()) == [None]
    assert list(reader.poll()) == []


def test_append_line__closes_a_line_that_a_crash_left_open(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"step": 1}\n{"st')
    append_line(path, {"step": 2})
    reader = LineReader(path)
    assert list(reader.poll()) == [{"step": 1}, {"step": 2}]


def test_tail__keeps_the_last_state_of_a_progress_bar(tmp_path: Path):
    path = tmp_path / "log.txt"
    assert tail(path, 5) == []
    path.write_bytes(b"first\n 10%\r 50%\r100%\nlast \xff\r\n\n")
    assert tail(path, 5) == ["first", "100%", "last �"]
    assert tail(path, 1) == ["last �"]
    assert tail(path, 0) == []
