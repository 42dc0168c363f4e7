"""Runs in a cluster, with one that loses machines, forgets jobs and falls silent when it is told to."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sealife_core.runs.cluster import cluster_runs
from sealife_core.runs.deletion import delete
from sealife_core.runs.files import replace_json
from sealife_core.runs.liveness import STALE_AFTER_S, Process, State, process_of
from sealife_core.runs.run import PROCESS, STATUS, Run
from sealife_core.runs.scheduling.dispatcher import Dispatcher
from sealife_core.runs.scheduling.queue import has_work, launch, request_stop, resume
from tests.runs.fake_ray import FakeRay
from tests.runs.processes import until

Make = Callable[..., Run]
Begin = Callable[..., Dispatcher]


@pytest.fixture
def there(make: Make, cluster: FakeRay) -> Make:
    """Makes a run that is to go to the cluster."""

    def made(task: str = "simclr", **settings: object) -> Run:
        return make(task, where=f"ray:{cluster.address}", **settings)

    return made


def turn(dispatcher: Dispatcher) -> None:
    dispatcher.turn()
    dispatcher.clusters.turn()


def turn_until(dispatcher: Dispatcher, condition: Callable[[], bool]) -> None:
    def met() -> bool:
        turn(dispatcher)
        return condition()

    until(met)


def job_of(run: Run) -> str:
    return str((run.process() or {})["job"])


def test_run__is_carried_out_in_the_cluster_and_says_where(there: Make, begin: Begin, cluster: FakeRay):
    run = there(cluster_cores=3)
    launch(run)
    dispatcher = begin()
    turn_until(dispatcher, lambda: run.state() is State.FINISHED)
    turn_until(dispatcher, lambda: not dispatcher.clusters.busy)
    record = run.process() or {}
    assert (record["cluster"], record["host"], record["exit_code"]) == (cluster.address, "10.0.0.7", 0)
    assert len(run.metrics()) == 3
    assert "fake worker begins" in run.log_tail()
    asked = cluster.jobs[job_of(run)].asked
    assert (asked["entrypoint_num_cpus"], asked["entrypoint_num_gpus"]) == (3, 0)
    assert "OMP_NUM_THREADS=3" in asked["entrypoint"]
    assert not dispatcher.turn()
    assert delete(run) > 0


def test_run__leaves_this_machine_to_others(there: Make, make: Make, begin: Begin):
    far, here = there(orders={"step_s": 60}), make()
    launch(far)
    launch(here)
    dispatcher = begin()
    turn_until(dispatcher, lambda: here.state() is State.FINISHED and far.state() is State.RUNNING)
    assert has_work(far.root)


@pytest.mark.parametrize(("device", "devices", "there_are", "taken"), [
    ("auto", 1, 2, 1), ("auto", 1, 0, 0), ("cuda", 2, 2, 2), ("cpu", 2, 2, 0),
])  # fmt: skip
def test_gpus__are_taken_as_the_run_asks_and_the_cluster_has(
    device: str, devices: int, there_are: int, taken: int, there: Make, begin: Begin, cluster: FakeRay
):
    cluster.gpus = there_are
    run = there(device=device, devices=devices)
    launch(run)
    dispatcher = begin()
    turn_until(dispatcher, lambda: run.state() is State.FINISHED)
    asked = cluster.jobs[job_of(run)].asked
    assert asked["entrypoint_num_gpus"] == taken
    assert ("CUDA_VISIBLE_DEVICES=" in asked["entrypoint"]) == (taken == 0)


def test_queue__stays_here_and_in_order(there: Make, begin: Begin, cluster: FakeRay):
    cluster.room = 1
    runs = [there() for _ in range(5)]
    for run in reversed(runs):
        launch(run)
    dispatcher = begin()
    turn(dispatcher)
    assert list(cluster.jobs) == [job_of(run) for run in (runs[4], runs[3])]
    assert runs[0].shown().message == "waiting for its turn in the cluster"
    turn(dispatcher)
    assert runs[3].shown().message == "waiting in the cluster"
    assert (runs[3].state(), process_of(runs[3].process())) == (State.QUEUED, Process.IN_CLUSTER)
    turn_until(dispatcher, lambda: all(run.state() is State.FINISHED for run in runs))
    assert list(cluster.jobs) == [job_of(run) for run in reversed(runs)]


def test_run__waits_where_no_machine_is_large_enough(there: Make, begin: Begin, cluster: FakeRay):
    run = there(device="cuda", devices=2, cluster_cores=8)
    launch(run)
    dispatcher = begin()
    turn(dispatcher)
    assert run.shown().message == (
        "waiting for a machine with 8 cores and 2 GPUs: the largest of 1 machine has 4 cores"
    )
    assert not cluster.jobs
    cluster.cores, cluster.gpus = 8, 2
    turn_until(dispatcher, lambda: run.state() is State.FINISHED)


def test_run__waits_for_the_run_its_weights_come_from(there: Make, begin: Begin, cluster: FakeRay):
    source = there(orders={"step_s": 0.1})
    probe = there("probe", weights=f"run:{source.id}")
    launch(probe)
    launch(source)
    dispatcher = begin()
    turn(dispatcher)
    assert probe.shown().message == f"waiting for '{source.id}' to finish"
    assert not any(probe.id in name for name in cluster.jobs)
    turn_until(dispatcher, lambda: probe.state() is State.FINISHED)
    assert list(cluster.jobs) == [job_of(source), job_of(probe)]


def test_run__that_waits_for_a_person_keeps_no_dispatcher(there: Make, begin: Begin):
    source = there()
    replace_json(source.path / STATUS, source.status() | {"state": "running", "heartbeat": 0})
    probe = there("probe", weights=f"run:{source.id}")
    launch(probe)
    dispatcher = begin()
    assert not dispatcher.turn()
    assert probe.shown().message == f"waiting for '{source.id}' (it was interrupted: resume it)"


def test_stop__ends_a_running_one_after_its_batch(there: Make, begin: Begin, cluster: FakeRay):
    run = there(orders={"steps": 10_000})
    launch(run)
    dispatcher = begin()
    turn_until(dispatcher, lambda: len(run.metrics()) > 2)
    request_stop(run)
    turn_until(dispatcher, lambda: run.state() is State.STOPPED)
    assert run.shown().message == "stopped when asked"
    assert not cluster.jobs[job_of(run)].stopped


def test_stop__ends_one_that_does_not_obey_after_its_grace(there: Make, begin: Begin, cluster: FakeRay):
    run = there(orders={"steps": 10_000, "step_s": 60})
    launch(run)
    dispatcher = begin(stop_grace_s=0)
    turn_until(dispatcher, lambda: len(run.metrics()) == 1)
    request_stop(run)
    turn_until(dispatcher, lambda: run.state() is State.STOPPED)
    assert cluster.jobs[job_of(run)].stopped
    turn_until(dispatcher, lambda: not dispatcher.clusters.busy)


def test_stop__of_one_that_waits_in_the_cluster_is_at_once_and_for_good(there: Make, begin: Begin, cluster: FakeRay):
    cluster.room = 0
    run = there()
    launch(run)
    dispatcher = begin()
    turn(dispatcher)
    request_stop(run)
    turn(dispatcher)
    assert (run.state(), run.shown().message) == (State.STOPPED, "stopped before it began")
    assert not dispatcher.clusters.busy
    cluster.room = 1  # as Ray does, which cannot take back what it has not begun
    cluster.begin()
    job = cluster.jobs[job_of(run)]
    assert job.process is not None
    assert job.process.wait(30) == 0
    assert (run.state(), run.metrics()) == (State.STOPPED, [])


def test_lost_machine__interrupts_its_run_which_goes_on_elsewhere(there: Make, begin: Begin, cluster: FakeRay):
    run = there(orders={"steps": 10_000})
    launch(run)
    dispatcher = begin()
    turn_until(dispatcher, lambda: len(run.metrics()) > 1 and (run.process() or {}).get("host") == "10.0.0.7")
    lost = job_of(run)
    cluster.lose(lost)
    turn_until(dispatcher, lambda: run.state() is State.INTERRUPTED)
    assert run.shown().message == (
        "The process is gone: its machine 10.0.0.7 left the cluster; what it saved is kept. Resume the run to continue."
    )
    assert not dispatcher.clusters.busy
    resume(run)
    turn_until(dispatcher, lambda: run.state() is State.RUNNING and job_of(run) != lost)
    assert (run.process() or {})["attempt"] == 2


def test_lost_machine__of_one_that_had_not_begun_is_tried_anew(there: Make, begin: Begin, cluster: FakeRay):
    cluster.room = 0
    run = there()
    launch(run)
    dispatcher = begin()
    for _ in range(2):
        turn(dispatcher)
        cluster.lose(job_of(run))
        turn(dispatcher)
    assert len(cluster.jobs) == 3
    assert run.state() is State.QUEUED
    cluster.lose(job_of(run))
    turn(dispatcher)
    assert (run.error() or {})["what"] == (
        "The cluster could not start the run: Job supervisor actor died: the node was terminated"
    )
    assert not dispatcher.clusters.busy


def test_forgotten_job__is_interrupted_or_submitted_again(there: Make, begin: Begin, cluster: FakeRay):
    begun, pending = there(orders={"step_s": 60}), there()
    launch(begun)
    dispatcher = begin()
    turn_until(dispatcher, lambda: begun.state() is State.RUNNING)
    cluster.room = 1
    launch(pending)
    turn(dispatcher)
    forgotten = cluster.jobs.copy()
    cluster.jobs.clear()
    turn(dispatcher)
    assert begun.state() is State.INTERRUPTED
    assert "its cluster was restarted" in begun.shown().message
    assert list(cluster.jobs) == [job_of(pending)]
    cluster.jobs |= {name: job for name, job in forgotten.items() if job.process}  # for the fixture to end


def test_dispatcher__that_was_killed_before_it_submitted_is_made_good_by_the_next(
    there: Make, begin: Begin, cluster: FakeRay, monkeypatch: pytest.MonkeyPatch
):
    run = there()
    launch(run)
    with monkeypatch.context() as patch:
        patch.setattr(cluster_runs.ClusterRuns, "_send", lambda *_: None)
        turn(begin())
    assert not cluster.jobs
    assert run.state() is State.QUEUED
    dispatcher = begin()
    dispatcher.adopt()
    turn_until(dispatcher, lambda: run.state() is State.FINISHED)
    assert list(cluster.jobs) == [job_of(run)]


def test_dispatcher__takes_over_what_runs(there: Make, begin: Begin, cluster: FakeRay):
    run = there(orders={"steps": 40})
    launch(run)
    turn_until(begin(), lambda: run.state() is State.RUNNING)
    dispatcher = begin()
    dispatcher.adopt()
    assert dispatcher.turn()
    turn_until(dispatcher, lambda: not dispatcher.clusters.busy)
    assert (run.state(), len(run.metrics()), len(cluster.jobs)) == (State.FINISHED, 40, 1)


def test_silent_cluster__is_waited_for(there: Make, begin: Begin, cluster: FakeRay):
    cluster.fall_silent()
    run = there()
    launch(run)
    dispatcher = begin()
    turn(dispatcher)
    assert run.state() is State.QUEUED
    assert f"The Ray cluster at {cluster.address} does not answer" in run.shown().message
    request_stop(run)
    assert run.state() is State.STOPPED


def test_silent_cluster__loses_a_run_that_is_silent_as_long(
    there: Make, begin: Begin, cluster: FakeRay, monkeypatch: pytest.MonkeyPatch
):
    run = there(orders={"step_s": 60})
    launch(run)
    dispatcher = begin()
    turn_until(dispatcher, lambda: run.state() is State.RUNNING)
    cluster.fall_silent()
    turn(dispatcher)
    assert run.state() is State.RUNNING  # its heartbeat is young: only the cluster's head is away
    replace_json(run.path / STATUS, run.status() | {"heartbeat": time.time() - 2 * STALE_AFTER_S, "queued": 0})
    replace_json(run.path / PROCESS, (run.process() or {}) | {"started": 0})
    assert run.state() is State.NOT_RESPONDING
    monkeypatch.setattr(cluster_runs, "STALE_AFTER_S", 0.0)
    turn(dispatcher)
    assert run.state() is State.INTERRUPTED
    assert "its cluster no longer answers" in run.shown().message


@pytest.mark.parametrize(("breaks", "what", "then"), [
    ("folder", "cannot find '{folder}'", "Put data/ and checkpoints/ on storage that all machines have at the same"),
    ("program", "cannot find '/nowhere/python'", "Install this program at the same path on every machine"),
])  # fmt: skip
def test_machine__that_lacks_something_is_told(
    breaks: str, what: str, then: str, there: Make, begin: Begin, cluster: FakeRay
):
    run = there()
    launch(run)
    dispatcher = begin()
    if breaks == "program":
        dispatcher.clusters.worker[0] = "/nowhere/python"
    cluster.room = 0
    turn(dispatcher)
    job = cluster.jobs[job_of(run)]
    if breaks == "folder":
        job.asked["entrypoint"] = job.asked["entrypoint"].replace(f"cd {run.path}", "cd /nowhere/else")
    cluster.room = 1
    turn_until(dispatcher, lambda: run.state() is State.FAILED)
    error = run.error() or {}
    assert what.format(folder=run.path) in error["what"]
    assert error["what"].startswith("The machine 10.0.0.7 of the cluster")
    assert error["next"].startswith(then)


def test_worker__that_crashes_at_once_is_told_from_its_log(there: Make, begin: Begin):
    run = there(orders={"crash_at_once": True})
    launch(run)
    turn_until(begin(), lambda: run.state() is State.FAILED)
    assert run.shown().message == (
        "The process ended with code 1 before the run started: ImportError: no module named 'starfish'"
    )


def test_refusal__ends_the_run_with_what_the_cluster_says(there: Make, begin: Begin, cluster: FakeRay):
    cluster.refuses = "no such resource"
    run = there()
    launch(run)
    dispatcher = begin()
    turn(dispatcher)
    assert run.error() == {
        "what": f"The Ray cluster at {cluster.address} refused: ValueError: no such resource",
        "next": "Fix the cause, then resume the run.",
    }
    assert not dispatcher.clusters.busy


def test_foreign_server__fails_the_run_after_a_few_tries_and_fills_no_log(
    make: Make,
    begin: Begin,
    serve: Callable[..., str],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    run = make("simclr", where=f"ray:{serve(200, b'<html>Welcome</html>')}")
    launch(run)
    dispatcher = begin()
    monkeypatch.setattr(cluster_runs, "FOREIGN_TRIES", 3)
    for _ in range(2):
        turn(dispatcher)
        assert run.state() is State.QUEUED
    turn(dispatcher)
    assert run.state() is State.FAILED
    assert "is not a Ray cluster" in (run.error() or {})["what"]
    turn(dispatcher)
    assert not dispatcher.clusters.busy
    assert "Traceback" not in "".join(capfd.readouterr())


def test_process_file__that_lacks_what_is_needed_ends_the_run(there: Make, begin: Begin, cluster: FakeRay):
    run = there()
    launch(run)
    dispatcher = begin()
    cluster.room = 0
    turn(dispatcher)
    replace_json(run.path / PROCESS, {"job": "some", "attempt": 1})
    turn(dispatcher)
    assert not dispatcher.clusters.busy
    assert "process.json does not say which job it is" in run.shown().message


def test_root__is_told_to_the_worker_as_everyone_finds_it(there: Make, begin: Begin, cluster: FakeRay, root: Path):
    run = there()
    launch(run)
    turn(begin())
    assert f"SEALIFE_HOME={root.parent}" in cluster.jobs[job_of(run)].asked["entrypoint"]
