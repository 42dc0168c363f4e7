"""A process beside the runs, without one: what its caller and its last handler write."""

from pathlib import Path
from typing import Any

import pytest

from sealife_core.runs.files import read_json
from sealife_core.runs.scheduling import side_process
from sealife_core.runs.scheduling.side_process import LOG, PROCESS, REQUEST, STATUS, StatusFile, carry_out, start_anew


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"),
    ],
    ids=["Python", "GPU", "PyTorch"],
)
def test_carry_out__says_what_to_do_where_memory_runs_out(tmp_path: Path, error: Exception) -> None:
    def work(folder: Path, status: StatusFile) -> None:
        raise error

    assert carry_out(tmp_path, work, "Project fewer points.") == 1
    told = read_json(tmp_path / STATUS) or {}
    assert (told["state"], told["error"]) == ("failed", "The machine ran out of memory. Project fewer points.")


def test_start_anew__leaves_nothing_of_the_last_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Any, ...]] = []

    def started(log: Path, *command: str) -> dict[str, Any]:
        there = {path.name for path in tmp_path.iterdir()}
        seen.append((command, there, (read_json(tmp_path / STATUS) or {})["state"]))
        return {"pid": 7}

    monkeypatch.setattr(side_process, "start", started)
    for name in (PROCESS, STATUS, LOG):
        (tmp_path / name).write_text('{"state": "failed", "pid": 6}')
    start_anew(tmp_path, "some.module", {"done": 3}, {"what": "film"})
    assert seen == [(("some.module", str(tmp_path)), {STATUS, REQUEST}, "running")], "it reads both at once"
    assert read_json(tmp_path / PROCESS) == {"pid": 7}
    assert read_json(tmp_path / REQUEST) == {"what": "film"}
    start_anew(tmp_path, "some.module", {})
    assert read_json(tmp_path / REQUEST) == {"what": "film"}, "it goes on with the request that is there"
