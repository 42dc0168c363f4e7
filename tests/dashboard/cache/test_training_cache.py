"""The metrics of a run are read on from where they ended."""

from dashboard.cache import training
from sealife_core.datasets.dataset import Dataset
from sealife_core.runs.run import METRICS, Run
from tests.finished.runs import scratch_run


def test_metrics__have_what_was_added_since(tiny_reef: Dataset) -> None:
    run = scratch_run(tiny_reef, "one", 3)
    assert [row["step"] for row in training.metrics(run)] == [1, 2]
    with (run.path / METRICS).open("a") as file:
        file.write('{"step": 3}\n{"st')
    assert [row["step"] for row in training.metrics(Run(run.path))] == [1, 2, 3], "a half-written line waits"
