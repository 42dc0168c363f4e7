import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from sealife_core.datasets.decoding.squares import head, in_order, room, to_square
from tests.datasets.pictures import noise


def test_in_order__keeps_the_order_whoever_is_done_first():
    def slow_at_first(item: int) -> int:
        time.sleep(0.02 if item == 0 else 0)
        return item**2

    with ThreadPoolExecutor(4) as threads:
        assert list(in_order(threads, slow_at_first, range(200))) == [item**2 for item in range(200)]
        assert list(in_order(threads, slow_at_first, [])) == []


def test_in_order__does_not_run_ahead_of_a_slow_reader():
    made: list[int] = []
    with ThreadPoolExecutor(4) as threads:
        reader = in_order(threads, made.append, range(1000))
        next(reader)
        time.sleep(0.05)
        assert 1 <= len(made) <= 128
        assert len([*reader]) == 999
    assert sorted(made) == list(range(1000))


def test_in_order__raises_what_was_raised():
    with ThreadPoolExecutor(2) as threads, pytest.raises(ZeroDivisionError):
        list(in_order(threads, lambda item: 1 // (item - 3), range(10)))


def test_head__begins_a_file_that_numpy_opens(tmp_path: Path):
    squares = [to_square(noise(seed), 16).tobytes() for seed in range(3)]
    file = tmp_path / "pixels.npy"
    file.write_bytes(head(3, 16) + b"".join(squares))
    found = np.load(file, mmap_mode="r")
    assert (found.shape, found.dtype) == ((3, 16, 16, 3), np.uint8)
    assert [square.tobytes() for square in found] == squares


def test_head__is_as_long_for_any_count():
    assert len({len(head(count, 192)) for count in (0, 1, 999, 1_000_000)}) == 1


def test_room__is_four_fifths_of_what_is_free_after_all_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 10_000})())
    assert room(tmp_path, 10, 16, other_bytes=400) == (True, 7_680, 9_600)
    assert room(tmp_path, 10, 16, other_bytes=401)[0] is False
