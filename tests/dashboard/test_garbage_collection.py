"""What imported modules hold is not searched for garbage again and again."""

import gc
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from dashboard import garbage_collection


@pytest.fixture
def freezing() -> Iterator[None]:
    before = list(gc.callbacks)
    garbage_collection.freeze_imported()
    garbage_collection.freeze_imported()  # as each script does
    assert len(gc.callbacks) - len(before) <= 1
    yield
    gc.callbacks[:] = before


def test_collection__freezes_what_is_left_once_modules_were_imported(freezing: None, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "a_library", ModuleType("a_library"))
    gc.collect()
    frozen = gc.get_freeze_count()
    held = [[number] for number in range(1000)]
    gc.collect()
    assert gc.get_freeze_count() <= frozen, "what scripts make is still collected"
    monkeypatch.setitem(sys.modules, "another", ModuleType("another"))
    gc.collect(0)
    assert gc.get_freeze_count() <= frozen, "garbage may be left"
    gc.collect()
    assert gc.get_freeze_count() >= frozen + len(held)
