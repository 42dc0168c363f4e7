from collections.abc import Iterator
from typing import Any

import pytest

from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import RunError
from sealife_core.evaluation.curation.label_free_features import learned_from_labels, run_without_labels
from sealife_core.evaluation.embeddings.stored_embeddings import write_embeddings
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from tests.finished.runs import clustered, finished


@pytest.fixture(autouse=True)
def ordered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs a second apart, so that the newest is known."""
    seconds: Iterator[int] = iter(range(60))
    monkeypatch.setattr("time.strftime", lambda layout: f"20260101-0000{next(seconds):02}")


def embedded(dataset: Dataset, task: str, **settings: Any) -> Run:
    run = finished(preset(task, data=dataset.name, **settings))
    write_embeddings(run.path, dataset, clustered(dataset))
    return run


def test_run_without_labels__is_the_newest_whose_encoder_has_seen_none(tiny_reef: Dataset) -> None:
    embedded(tiny_reef, "embed", weights="imagenet")
    probe = embedded(tiny_reef, "classify")
    tuned = embedded(tiny_reef, "transfer", weights="imagenet")
    of_tuned = embedded(tiny_reef, "embed", weights=f"run:{tuned.id}")
    embedded(tiny_reef, "embed", weights="random")
    finished(preset("classify", data=tiny_reef.name))  # without embeddings
    write_embeddings(create_run(preset("classify", data=tiny_reef.name)).path, tiny_reef, clustered(tiny_reef))
    assert run_without_labels(tiny_reef) == probe
    assert [learned_from_labels(run) for run in (probe, tuned, of_tuned)] == [False, True, True]


def test_run_without_labels__says_what_to_start(tiny_reef: Dataset) -> None:
    embedded(tiny_reef, "scratch")
    with pytest.raises(RunError, match="Start 'classify reef'"):
        run_without_labels(tiny_reef)
