"""What classifiers answered is read again once it has changed; a model is asked by one thread at a time."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

from dashboard.cache import classifiers
from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.classification import gradcam
from sealife_core.evaluation.classification.predictions import write_predictions
from sealife_core.evaluation.embeddings.stored_embeddings import write_embeddings
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import Run
from tests.dashboard.answers_made import table
from tests.finished.runs import classifier_run, predictions_on, scratch_run, with_predictions


def test_predictions__of_a_run_that_has_none_are_none_until_it_has(tiny_reef: Dataset) -> None:
    run = create_run(preset("scratch", data="reef"), name="one")
    assert classifiers.predictions_or_none(run) is None
    write_predictions(table(tiny_reef, [0, 1], [0.5, 0.6]), run.path)
    found = classifiers.predictions_or_none(run)
    assert found is not None
    assert len(found) == 2
    assert classifiers.predictions(run) is found


def test_answers__and_scores_are_those_of_new_predictions(tiny_reef: Dataset) -> None:
    run, tested = scratch_run(tiny_reef, "one", 2), len(tiny_reef.rows("test", labelled_only=True))
    first = classifiers.answers(run)
    assert classifiers.answers(Run(run.path)) is first
    scores = classifiers.split_scores(run, tiny_reef, "test")
    assert scores is not None
    assert round(scores["accuracy"] * tested) == 2
    with_predictions(run, predictions_on(tiny_reef, lambda place: place >= 3), tiny_reef.classes)
    assert classifiers.answers(run) is not first
    scores = classifiers.split_scores(run, tiny_reef, "test")
    assert scores is not None
    assert round(scores["accuracy"] * tested) == 3


def test_training_images__are_read_again_with_new_embeddings(tiny_reef: Dataset) -> None:
    run = classifier_run(tiny_reef)
    first = classifiers.training_images(run, tiny_reef)
    assert classifiers.training_images(run, tiny_reef) is first
    write_embeddings(run.path, tiny_reef, np.zeros((len(tiny_reef), 3)))
    assert classifiers.training_images(run, tiny_reef) is not first


class OneAtATime:
    """Stands for a model: asked by two threads at once, it says so."""

    ood, ood_unavailable = None, "no check"

    def __init__(self) -> None:
        self.inside = self.asked = 0

    def _answer(self, *of: object) -> list[SimpleNamespace]:
        self.inside += 1
        self.asked += 1
        time.sleep(0.01)
        assert self.inside == 1, "two threads at once"
        self.inside -= 1
        return [SimpleNamespace(features=None, similarity=1.0)]

    predict = explain = neighbours = _answer


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> OneAtATime:
    held = OneAtATime(), threading.Lock()
    monkeypatch.setattr(classifiers, "predictor", lambda run: held)
    monkeypatch.setattr(gradcam, "heat_png", lambda heat: b"png")
    return held[0]


def test_model__is_asked_by_one_thread_at_a_time(tiny_reef: Dataset, model: OneAtATime) -> None:
    run = classifier_run(tiny_reef)
    asks = [
        lambda n: classifiers.own_prediction(run, f"picture {n}", b""),
        lambda n: classifiers.own_evidence(run, f"picture {n}", b"", 0, "layer4"),
        lambda n: classifiers.evidence(run, tiny_reef, n, 0, "layer4"),
        lambda n: classifiers.own_neighbours(run, SimpleNamespace(features=None, similarity=1.0)),
    ]
    with ThreadPoolExecutor(4) as visitors:
        found = [visitors.submit(ask, n) for n in range(3) for ask in asks]
    assert [one.exception() for one in found] == [None] * 12
    assert model.asked == 12
    classifiers.own_prediction(run, "picture 0", b"")
    assert model.asked == 12, "the same picture is not asked twice"


def test_out_of_distribution__says_why_a_model_has_none(tiny_reef: Dataset, model: OneAtATime) -> None:
    assert classifiers.out_of_distribution(classifier_run(tiny_reef)) == (None, "no check")
