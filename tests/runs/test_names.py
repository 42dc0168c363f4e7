from collections.abc import Callable
from pathlib import Path

import pytest

from sealife_core.config import preset
from sealife_core.errors import RunError
from sealife_core.runs.deletion import delete
from sealife_core.runs.directory import create_run
from sealife_core.runs.names import default_name, find_run, find_trashed, find_weights
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter

Named = Callable[..., Run]


@pytest.fixture
def named(root: Path) -> Named:
    """Makes a run with this name, and with this id where one is given."""

    def made(name: str, run_id: str = "") -> Run:
        run = create_run(preset("simclr"), root=root, name=name)
        return Run(run.path.rename(root / run_id)) if run_id else run

    return made


def test_default_name__says_what_is_trained_on_what():
    assert default_name("probe", "survey") == "Linear probe on survey"


def test_find_run__takes_an_id_then_a_name_then_the_beginning_of_an_id(named: Named, root: Path):
    first = named("Dusk", "20261122-104422-simclr-a3f1")
    second = named(first.id, "20261123-104422-simclr-b4a2")  # called by the id of another
    third = named("20261123", "20271123-104422-simclr-c5b3")  # called as the other's id begins
    assert find_run(first.id, root) == first
    assert find_run("Dusk", root) == find_run(" Dusk ", root) == first
    assert find_run("20261123", root) == third
    assert find_run("20261123-", root) == second
    with pytest.raises(RunError, match="There is no run 'dusk'"):
        find_run("dusk", root)


def test_find_run__an_ambiguous_name_lists_ids_and_dates(named: Named, root: Path):
    named("Dusk", "20261122-104422-simclr-a3f1")
    named("Dusk", "20261123-235900-simclr-b4a2")
    named("Dusk", "renamed")
    with pytest.raises(RunError) as error:
        find_run("Dusk", root)
    assert str(error.value) == (
        "3 runs are called 'Dusk': renamed, 20261123-235900-simclr-b4a2 (23 Nov 2026, 23:59),"
        " 20261122-104422-simclr-a3f1 (22 Nov 2026, 10:44). Give the id of the one you mean."
    )
    with pytest.raises(RunError, match="2 runs have ids that begin with '2026112'"):
        find_run("2026112", root)


def test_find_run__letters_may_be_composed_or_not(named: Named, root: Path):
    run = named("Me\u0301duse")
    assert find_run("M\u00e9duse", root) == run


@pytest.mark.parametrize("text", ["", " ", "..", "../x", "a/b", "\x00", ".trash"])
def test_find_run__refuses_what_names_nothing(named: Named, root: Path, text: str):
    named("Dusk")
    with pytest.raises(RunError, match="There is no run"):
        find_run(text, root)


def test_find_trashed__finds_by_name_what_find_run_says_is_in_the_trash(named: Named, root: Path):
    run = named("Dusk")
    RunWriter(run).status(state="finished")
    delete(run)
    with pytest.raises(RunError, match=rf"Run 'Dusk' \({run.id}\) is in the trash\. Restore it first\."):
        find_run("Dusk", root)
    assert find_trashed("Dusk", root) == find_trashed(run.id, root) == run.id
    assert find_trashed("Dawn", root) == "Dawn"


def test_find_weights__turns_the_name_of_a_run_into_its_id(named: Named, root: Path):
    run = named("Dusk")
    assert find_weights("run:Dusk", root) == find_weights(f"run:{run.id}", root) == f"run:{run.id}"
    assert [find_weights(other, root) for other in ("imagenet", "file:/x")] == ["imagenet", "file:/x"]
