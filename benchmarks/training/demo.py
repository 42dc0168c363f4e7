"""How long a person waits for the demo: for its first result, and for all of it.

    python -m benchmarks.training.demo

Draws the reef in a home of its own and launches the runs as the button on Home does, with nothing imported yet: a fresh
clone's first click.
"""

import os
import time
from collections.abc import Iterator

from benchmarks.measuring import Figure, main, own_home
from benchmarks.screen.launch import send_away, until
from sealife_core.demo import last_demo, launch_demo
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.wording import percent

LOOK_S = 0.05


def measure() -> Iterator[Figure]:
    with own_home():
        os.environ["SEALIFE_READY_MINUTES"] = "5"
        begun = time.perf_counter()
        runs = launch_demo()
        first, *_, last = (time.perf_counter() - begun for _ in iter_ended(runs))
        until(lambda: all("exit_code" in (run.process() or {}) for run in runs))
        send_away()
        said = ", ".join(f"{key} {percent(accuracy)}" for key, accuracy in accuracies(runs).items())
        yield Figure("Demo: from the click to the first result", first, "s", "≤ 20")
        yield Figure("Demo: from the click to its last result", last, "s", "≤ 120", f"on test: {said}")


def iter_ended(runs: list[Run]) -> Iterator[Run]:
    """Each of ``runs`` when it ends. Raises SystemExit for one that failed."""
    left = list(runs)
    while left:
        for run in [run for run in left if not run.state().active]:
            if run.state() is not State.FINISHED:
                raise SystemExit(f"'{run.notes()['name']}' did not finish: {run.error()}")
            left.remove(run)
            yield run
        time.sleep(LOOK_S)


def accuracies(runs: list[Run]) -> dict[str, float]:
    """A classifier of the demo → its accuracy on test."""
    results = {key: run.results() or {} for key, run in last_demo(runs[::-1]).items()}
    return {key: found["test"]["accuracy"] for key, found in results.items() if "test" in found}


if __name__ == "__main__":
    main(measure, __doc__)
