"""Jobs of the server: begun once, followed, and forgotten when there are many."""

import threading

import pytest

from dashboard import background


@pytest.fixture(autouse=True)
def _no_jobs_of_other_tests():
    background.jobs().clear()


def test_job__is_not_begun_twice_and_tells_how_far_it_is(home):
    go_on, told = threading.Event(), threading.Event()

    def work(tell):
        tell("Reading", 3, 4)
        told.set()
        go_on.wait(30)
        return "done"

    job = background.start("a", "A job", work)
    assert background.start("a", "A job", work) is job
    assert told.wait(30)
    assert (job.running, job.share, job.sentence) == (True, 0.75, "Reading: 3 of 4")
    background.forget("a")
    assert background.find("a") is job
    go_on.set()
    job.wait(30)
    assert (job.running, job.result) == (False, "done")


def test_jobs__old_ones_are_forgotten(home):
    for number in range(3 * background.MOST_JOBS):
        background.start(str(number), "A job", lambda tell: None).wait(30)
    assert len(background.jobs()) == background.MOST_JOBS


def test_asked__begins_a_job_once_and_gives_it_again_when_it_has_ended(home):
    begun: list[str] = []
    jobs = [background.asked("a", "A job", lambda tell: begun.append("a")) for _ in range(2)]
    jobs[0].wait(30)
    assert background.asked("a", "A job", lambda tell: begun.append("a")) is jobs[0] is jobs[1]
    assert begun == ["a"]
