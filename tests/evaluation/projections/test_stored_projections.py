"""What is kept of a projection, whoever computes it: processes of this file do nothing, die, or never end."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import RunError
from sealife_core.evaluation.embeddings.stored_embeddings import (
    read_embeddings,
    write_embeddings,
    write_pairs,
    write_snapshot,
)
from sealife_core.evaluation.projections import stored_projections
from sealife_core.evaluation.projections.reduction import ProjectionSettings
from sealife_core.evaluation.projections.stored_projections import (
    FACTS,
    IDS,
    POINTS,
    find,
    fingerprint,
    folder_of,
    request,
)
from sealife_core.processes import identity
from sealife_core.runs.files import read_json, replace_json
from sealife_core.runs.scheduling import side_process
from sealife_core.runs.scheduling.side_process import PROCESS, STATUS
from sealife_core.runs.scheduling.spawning import spawn
from tests.runs.processes import until

SETTINGS = ProjectionSettings()
SLEEPS, DIES = "import time; time.sleep(60)", "raise SystemExit('no module named umap')"


@pytest.fixture
def run(tmp_path: Path, tiny_reef: Dataset) -> Path:
    """A run that holds embeddings (64, 5) of the tiny reef, and nothing else."""
    folder = tmp_path / "checkpoints" / "some-run"
    folder.mkdir()
    write_embeddings(folder, tiny_reef, np.random.default_rng(0).normal(size=(len(tiny_reef), 5)))
    return folder


@pytest.fixture
def computes(processes: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], list[int]]]:
    """Let processes run that code instead of projecting; returns the list that their ids are added to."""
    pids: list[int] = []

    def say(code: str) -> list[int]:
        def started(command: list[str], log: Path) -> subprocess.Popen[bytes]:
            child = spawn([sys.executable, "-c", code], log)
            pids.append(child.pid)
            return child

        monkeypatch.setattr(side_process, "spawn", started)
        return pids

    yield say
    for pid in pids:
        if identity(pid):
            os.kill(pid, signal.SIGKILL)


def _finish(run: Path, settings: ProjectionSettings = SETTINGS) -> Path:
    """Write what the process would have written."""
    folder, found = folder_of(run, settings), read_embeddings(run, settings.of)
    np.save(folder / POINTS, np.zeros((len(found.ids), settings.dims), np.float32))
    replace_json(folder / IDS, {"ids": list(found.ids), "epochs": []})
    replace_json(folder / FACTS, {"n": len(found.ids)})
    replace_json(folder / STATUS, {"state": "done"})
    return folder


def test_find__of_what_nobody_asked_for_is_absent(run: Path) -> None:
    assert find(run, SETTINGS).state == "absent"
    assert not (run / stored_projections.PROJECTIONS).exists()


def test_request__of_many_at_once_starts_one_process(run: Path, computes: Callable[[str], list[int]]) -> None:
    pids = computes(SLEEPS)
    people = [threading.Thread(target=request, args=(run, SETTINGS)) for _ in range(5)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    request(run, SETTINGS)
    assert len(pids) == 1
    assert (find(run, SETTINGS).state, find(run, SETTINGS).stage) == ("running", "starting")


def test_find__shows_the_progress_that_the_process_writes(run: Path, computes: Callable[[str], list[int]]) -> None:
    computes(SLEEPS)
    request(run, SETTINGS)
    # Nothing was heard of it for an hour, but it lives: compiling and eigenvectors say nothing for long.
    told = {"state": "running", "stage": "laying out", "done": 120, "total": 500, "heartbeat": time.time() - 3600}
    replace_json(folder_of(run, SETTINGS) / STATUS, told)
    found = find(run, SETTINGS)
    assert (found.state, found.stage, found.done, found.total) == ("running", "laying out", 120, 500)


def test_find__says_that_a_killed_process_failed_and_request_begins_anew(
    run: Path, computes: Callable[[str], list[int]]
) -> None:
    pids = computes(SLEEPS)
    request(run, SETTINGS)
    os.kill(pids[0], signal.SIGKILL)
    until(lambda: find(run, SETTINGS).state == "failed")
    assert "ended before the projection was ready" in find(run, SETTINGS).error
    request(run, SETTINGS)
    assert len(pids) == 2
    assert find(run, SETTINGS).state == "running"


def test_find__gives_the_last_words_of_a_process_that_could_not_begin(
    run: Path, computes: Callable[[str], list[int]]
) -> None:
    computes(DIES)
    request(run, SETTINGS)
    until(lambda: find(run, SETTINGS).state == "failed")
    assert find(run, SETTINGS).error.endswith("Compute it again. Last line of the log: no module named umap")


def test_find__trusts_a_fresh_heartbeat_from_another_machine(run: Path, computes: Callable[[str], list[int]]) -> None:
    computes(SLEEPS)
    request(run, SETTINGS)
    folder = folder_of(run, SETTINGS)
    replace_json(folder / PROCESS, (read_json(folder / PROCESS) or {}) | {"host": "elsewhere"})
    assert find(run, SETTINGS).state == "running"
    replace_json(folder / STATUS, {"state": "running", "heartbeat": time.time() - 3600})
    assert find(run, SETTINGS).state == "failed"


def test_request__of_what_is_done_starts_nothing(run: Path, computes: Callable[[str], list[int]]) -> None:
    pids = computes(SLEEPS)
    request(run, SETTINGS)
    _finish(run)
    request(run, SETTINGS)
    found = find(run, SETTINGS)
    assert len(pids) == 1
    assert (found.state, found.points.shape, found.facts) == ("done", (64, 2), {"n": 64})
    assert found.ids == read_embeddings(run).ids
    assert find(run, ProjectionSettings(seed=1)).state == "absent"


DAMAGE = [(name, content) for name in (POINTS, IDS, FACTS) for content in (None, b"", b"\x93NUMPY")]


@pytest.mark.parametrize(("name", "content"), [*DAMAGE, (POINTS, b"{}"), (IDS, b"{}"), (IDS, b'{"ids": ["a"]}')])
def test_find__says_that_damaged_files_failed(
    run: Path, computes: Callable[[str], list[int]], name: str, content: bytes | None
) -> None:
    pids = computes(SLEEPS)
    request(run, SETTINGS)
    path = _finish(run) / name
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    found = find(run, SETTINGS)
    assert (found.state, found.error.partition(".")[0]) == (
        "failed",
        "The files of the projection are damaged and cannot be read",
    )
    request(run, SETTINGS)
    assert len(pids) == 2


def test_find__says_that_a_damaged_status_failed(run: Path, computes: Callable[[str], list[int]]) -> None:
    computes(SLEEPS)
    request(run, SETTINGS)
    (folder_of(run, SETTINGS) / STATUS).write_text("{")
    assert find(run, SETTINGS).error == (
        "status.json cannot be read: it is incomplete or damaged. Compute the projection again."
    )


def test_find__of_other_embeddings_is_absent(
    run: Path, computes: Callable[[str], list[int]], tiny_reef: Dataset
) -> None:
    computes(SLEEPS)
    request(run, SETTINGS)
    _finish(run)
    again = read_embeddings(run).values.copy()
    write_embeddings(run, tiny_reef, again)
    assert find(run, SETTINGS).state == "done"  # written again, but the same
    write_embeddings(run, tiny_reef, again + 1)
    assert find(run, SETTINGS).state == "absent"


def test_request__says_what_the_run_lacks(tmp_path: Path, run: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    with pytest.raises(RunError, match="has no embeddings of h"):
        request(bare, SETTINGS)
    with pytest.raises(RunError, match="has no embeddings of z"):
        request(run, ProjectionSettings(of="z"))
    with pytest.raises(RunError, match="has no snapshots"):
        request(run, SETTINGS, "film")
    assert list(bare.iterdir()) == []


def test_film__is_kept_apart_from_the_map_and_has_two_dimensions(
    run: Path, computes: Callable[[str], list[int]]
) -> None:
    computes(SLEEPS)
    write_snapshot(run, ("a", "b", "c", "d"), 0, np.ones((4, 3)))
    request(run, ProjectionSettings(dims=3), "film")
    assert find(run, ProjectionSettings(), "film").state == "running"
    assert find(run, ProjectionSettings()).state == "absent"
    write_snapshot(run, ("a", "b", "c", "d"), 5, np.ones((4, 3)))
    assert find(run, ProjectionSettings(), "film").state == "absent"  # it has a frame more by now


def test_film__is_the_same_beside_pairs_of_views(run: Path) -> None:
    write_snapshot(run, ("a", "b"), 0, np.ones((2, 3)))
    before = fingerprint(run, "film")
    write_pairs(run, 0, np.ones((2, 2, 3)))
    assert fingerprint(run, "film") == before
    write_snapshot(run, ("a", "b"), 0, np.zeros((2, 3)))
    assert fingerprint(run, "film") != before


@pytest.mark.process
def test_import__needs_no_library_that_takes_seconds() -> None:
    code = (
        "import sys, sealife_core.evaluation.projections.stored_projections;"
        "print(sorted({'torch', 'umap', 'sklearn', 'numba', 'pandas', 'scipy'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
