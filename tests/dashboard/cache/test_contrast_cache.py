"""What the encoders that views are looked at through make of pictures; kept."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboard.cache import contrast
from dashboard.cache.keeping import shared
from dashboard.data.contrast import encoder_sources
from dashboard.data.contrast.encoder_sources import UNTRAINED, EncoderSource
from sealife_core.config import RECIPES
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast import invariance
from sealife_core.runs.run import MODEL, Run
from tests.finished.models import NETWORK, SIZE

NOT_TRAINED = EncoderSource(UNTRAINED, "untrained")


def test_animal_activation__is_computed_once_a_picture(tiny_reef: Dataset, monkeypatch) -> None:
    found = contrast.animal_activation(tiny_reef, 0)
    assert found.shape == (7, 7)
    assert float(found.max()) == 1
    assert (found == 0).sum() >= 24, "half of the cells, and the median"
    monkeypatch.delattr(contrast, "view_encoder")
    assert contrast.animal_activation(tiny_reef, 0) is found


def test_view_encoder__is_opened_again_when_the_model_of_its_run_is_another(pretrained: Run) -> None:
    source = EncoderSource(pretrained.id, "one", pretrained)
    first = contrast.view_encoder(source)
    assert contrast.view_encoder(EncoderSource(pretrained.id, "another title", Run(pretrained.path))) is first
    model = pretrained.path / MODEL
    model.write_bytes(model.read_bytes())
    assert contrast.view_encoder(source) is not first


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_sources, "UNTRAINED_NETWORK", NETWORK)
    monkeypatch.setattr(encoder_sources, "UNTRAINED_PX", SIZE)
    contrast.view_encoder.clear()


def test_view_batch__is_embedded_once_a_question(tiny_reef: Dataset, small: None) -> None:
    first = contrast.view_batch(tiny_reef, (0, 1), RECIPES["Mild"], 0, NOT_TRAINED)
    assert contrast.view_batch(tiny_reef, (0, 1), RECIPES["Mild"], 0, NOT_TRAINED) is first
    others = [
        contrast.view_batch(tiny_reef, (0, 1), RECIPES["SimCLR"], 0, NOT_TRAINED),
        contrast.view_batch(tiny_reef, (0, 1), RECIPES["Mild"], 1, NOT_TRAINED),
        contrast.view_batch(tiny_reef, (0, 2), RECIPES["Mild"], 0, NOT_TRAINED),
    ]
    assert all((other.similarities["h"] != first.similarities["h"]).any() for other in others)


def test_responses__of_several_visitors_are_computed_once_under_the_lock(
    tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared("responses").clear()
    inside: list[int] = []

    class Seen:
        image_size_px = SIZE

    def computed(seen, squares, aspects, progress):
        inside.append(len(squares))
        time.sleep(0.05)
        return {"h": len(inside)}

    held = Seen(), threading.Lock()
    monkeypatch.setattr(contrast, "view_encoder", lambda source: held)
    monkeypatch.setattr(invariance, "responses", computed)
    assert contrast.held_responses(NOT_TRAINED, tiny_reef, (0, 1)) is None
    with ThreadPoolExecutor(3) as visitors:
        found = list(visitors.map(lambda _: contrast.responses(NOT_TRAINED, tiny_reef, (0, 1)), range(3)))
    assert inside == [2]
    assert found == [{"h": 1}] * 3
    assert contrast.held_responses(NOT_TRAINED, tiny_reef, (0, 1)) == {"h": 1}
    assert contrast.held_responses(NOT_TRAINED, tiny_reef, (0, 2)) is None
