"""Whatever a server does, the run is trained, says so once, and the key is nowhere to be read."""

import pytest

from sealife_core.runs.run import Run
from sealife_core.runs.tracking_links import tracking_links, unsent
from tests.finished.files import files_of
from tests.training.tracking.conftest import KEY, Bench, Server

CLOSED = "http://127.0.0.1:9"  # the port of 'discard', where nobody listens
KEPT = ("no key", "closed port", "401", "500", "no run")
CASES = (*KEPT, "fails later")
HASTY = {"WANDB_HTTP_TIMEOUT": "1"}  # where no answer is to come, none is waited for


@pytest.fixture(scope="module")
def runs(bench: Bench, server: Server) -> dict[str, Run]:
    """What became of an 'embed' run, all at once, that is to be sent to each of these."""
    found = {}
    for case in CASES:
        address = CLOSED if case in ("no key", "closed port") else server(case)
        key = {} if case == "no key" else {"WANDB_API_KEY": KEY}
        hasty = {} if case in ("no run", "fails later") else HASTY
        found[case] = bench.add("embed", {"WANDB_BASE_URL": address, **key, **hasty}, wandb="on", weights="random")
    bench.carry_out()
    return found


@pytest.mark.parametrize("case", CASES)
def test_run__is_done_and_tells_of_it_in_one_warning(runs: dict[str, Run], case: str) -> None:
    run = runs[case]
    assert (run.results() or {})["val"]["effective_rank"] > 0
    (warning,) = run.status()["warnings"]
    assert "wandb sync" in warning
    assert str(run.path) in warning


@pytest.mark.parametrize("case", CASES)
def test_key__is_in_no_file_of_the_run_and_in_none_of_the_person(runs: dict[str, Run], bench: Bench, case: str) -> None:
    files = [*files_of(runs[case]), *(path for path in (bench.home / "person").rglob("*") if path.is_file())]
    assert len(files) > 5
    assert not [path for path in files if KEY.encode() in path.read_bytes()]


@pytest.mark.parametrize("case", KEPT)
def test_run__that_no_server_takes_up_is_kept_offline(runs: dict[str, Run], case: str) -> None:
    (folder,) = unsent(runs[case])
    assert [place.command for place in tracking_links(runs[case])] == [f"wandb sync {folder}"]


def test_warning__without_a_key_says_how_to_log_in(runs: dict[str, Run]) -> None:
    assert "wandb login" in runs["no key"].status()["warnings"][0]


def test_run__that_a_server_took_up_says_where_it_is(runs: dict[str, Run]) -> None:
    run = runs["fails later"]
    (place,) = tracking_links(run)
    assert place.url.endswith(f"/me/sealife/runs/{run.id}")
    assert f"Weights & Biases: {place.url}" in run.log_tail()
    assert list((run.path / "wandb").glob("run-*/*.wandb"))


def test_log__is_kept_short(runs: dict[str, Run]) -> None:
    for case in KEPT:
        assert sum("wandb" in line.lower() for line in (runs[case].path / "log.txt").read_text().splitlines()) <= 2
