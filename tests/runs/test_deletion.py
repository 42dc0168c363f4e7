import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sealife_core.errors import RunError
from sealife_core.runs.deletion import delete, empty_trash, restore, trashed
from sealife_core.runs.directory import list_runs
from sealife_core.runs.run import Run
from sealife_core.runs.scheduling.queue import launch
from tests.runs.processes import end

Make = Callable[..., Run]


@pytest.mark.usefixtures("nobody")
def test_delete__can_be_undone_and_names_the_bytes(make: Make, root: Path):
    run = end(make())
    (run.path / "model.safetensors").write_bytes(b"x" * 1000)
    size = run.size_bytes
    assert delete(run) == size > 1000
    assert list_runs(root) == []
    assert trashed(root) == [run.id]
    assert restore(run.id, root) == run
    assert (run.state(), run.size_bytes) == ("finished", size)
    with pytest.raises(RunError, match=r"is not in the trash\. The trash holds nothing"):
        restore(run.id, root)


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("state", ["queued", "running"])
def test_delete__is_refused_while_active(make: Make, state: str):
    run = end(make(), state)
    with pytest.raises(RunError, match=f"is {state}. Stop it first"):
        delete(run)
    assert run.path.is_dir()


@pytest.mark.usefixtures("nobody")
def test_delete__is_refused_while_others_depend_on_it_and_names_them(make: Make, root: Path):
    source = end(make())
    probe, tuned = (end(make(task, weights=f"run:{source.id}")) for task in ("probe", "finetune"))
    with pytest.raises(RunError, match=f"are needed by '{tuned.id}', '{probe.id}'"):
        delete(source)
    delete(probe)
    delete(tuned)
    assert delete(source) > 0
    assert trashed(root) == [tuned.id, probe.id, source.id]


@pytest.mark.usefixtures("nobody")
def test_delete__takes_a_damaged_run_and_not_one_that_is_gone(make: Make):
    run = make()
    (run.path / "config.json").unlink()
    delete(Run(run.path))
    with pytest.raises(RunError, match="no longer exists"):
        delete(run)


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("run_id", ["..", "../x", "", "."])
def test_restore__refuses_what_is_no_id(make: Make, root: Path, run_id: str):
    delete(end(make()))
    with pytest.raises(RunError, match="not in the trash"):
        restore(run_id, root)


@pytest.mark.usefixtures("nobody")
def test_empty_trash__frees_the_bytes_for_good(make: Make, root: Path):
    assert empty_trash(root) == 0
    run = end(make())
    size = delete(run)
    assert empty_trash(root) == size
    assert trashed(root) == []


@pytest.mark.usefixtures("nobody")
def test_empty_trash__holds_the_queue_for_a_moment_only_and_destroys_no_run_that_is_restored(
    make: Make, root: Path, monkeypatch: pytest.MonkeyPatch
):
    run, remove = end(make()), shutil.rmtree
    delete(run)
    deleting, go_on = threading.Event(), threading.Event()

    def slowly(folder: Path, **how: object) -> None:
        deleting.set()
        go_on.wait(30)
        remove(folder, **how)

    monkeypatch.setattr(shutil, "rmtree", slowly)
    emptying = threading.Thread(target=empty_trash, args=(root,))
    emptying.start()
    assert deleting.wait(30)
    launch(make())  # the queue is free
    with pytest.raises(RunError, match="is not in the trash"):
        restore(run.id, root)
    go_on.set()
    emptying.join()
    assert not run.path.exists()
    assert not list(root.glob(".removing-*"))


@pytest.mark.usefixtures("nobody")
def test_delete__meets_its_own_name_in_the_trash_and_both_come_back(make: Make, root: Path):
    run = end(make())
    copy = root / "copy"
    shutil.copytree(run.path, copy)
    for notes in ("first", "second", "third"):
        if not run.path.exists():
            shutil.copytree(copy, run.path)
        run.write_notes(notes=notes)
        delete(run)
    shutil.rmtree(copy)
    assert trashed(root) == [run.id]
    for notes in ("third", "second", "first"):
        assert restore(run.id, root).notes()["notes"] == notes
        run.path.rename(root / f".{notes}")
    assert trashed(root) == []


@pytest.mark.usefixtures("nobody")
def test_trashed__runs_are_known_by_the_ids_they_had(make: Make, root: Path):
    run = end(make())
    delete(run)
    (entry,) = (root / ".trash").iterdir()
    assert Run(entry).id == run.id
    assert entry.name.startswith(f"{run.id}~")
    entry.rename(entry.with_name(run.id))  # as older versions put it there
    assert trashed(root) == [run.id]
    assert restore(run.id, root) == run
