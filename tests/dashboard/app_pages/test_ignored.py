"""What the encoder ignores, without a browser: encoders are chosen, computed once each, and compared in sentences."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard.app_pages.contrast import ignored
from dashboard.cache import contrast
from dashboard.cache.keeping import shared
from dashboard.data.contrast import encoder_sources
from dashboard.data.contrast.encoder_sources import UNTRAINED
from dashboard.parts.contrast import encoder_choice, invariance_charts
from sealife_core.datasets.imports.importing import import_images
from sealife_core.evaluation.contrast import invariance
from sealife_core.evaluation.contrast.augmentations import BY_NAME
from sealife_core.models.checkpoint import load_card, save_model
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.heads import projection_head
from sealife_core.runs.run import Run
from tests.dashboard.pages import visit
from tests.finished.models import NETWORK, SIZE


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What the component was given, each time; the untrained encoder is a small one, whichever was opened before."""
    monkeypatch.setattr(encoder_sources, "UNTRAINED_NETWORK", NETWORK)
    monkeypatch.setattr(encoder_sources, "UNTRAINED_PX", SIZE)
    given: list[dict[str, Any]] = []
    monkeypatch.setattr(invariance_charts, "_charts", lambda data, **more: given.append(data))
    contrast.view_encoder.clear()
    yield given
    contrast.view_encoder.clear()


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pictures each computation looked at."""
    asked: list[int] = []
    whole = invariance.responses
    monkeypatch.setattr(
        invariance, "responses", lambda seen, images, *more: asked.append(len(images)) or whole(seen, images, *more)
    )
    shared("responses").clear()
    return asked


@pytest.fixture
def headed(pretrained: Run) -> Run:
    """``pretrained`` with a projection head."""
    card = replace(load_card(pretrained.path), projection={"kind": "nonlinear", "hidden": 16, "out": 8})
    head = projection_head("nonlinear", card.feature_dim, 16, 8)
    save_model(pretrained.path, build_encoder(NETWORK), head, card)
    return pretrained


def opened(*encoders: str, **query: str) -> AppTest:
    app = visit("contrast", {"section": "ignored", "changed": "16", "encoders": list(encoders)} | query)
    assert not app.exception
    return app


def text(app: AppTest) -> str:
    return "\n".join(found.value for found in (*app.markdown, *app.caption, *app.info))


def test_encoders__are_computed_once_each_and_drawn_together(
    pretrained: Run, drawn: list[dict[str, Any]], computed: list[int]
) -> None:
    app = opened(pretrained.id)
    assert computed == [16]
    assert [line["name"] for line in drawn[-1]["lines"]] == [app.multiselect[0].format_func(pretrained.id)]
    app.multiselect[0].select(UNTRAINED).run()
    assert not app.exception
    assert computed == [16, 16], "only the one that was added"
    shared("responses").clear()
    drawn.clear()
    opened(pretrained.id, UNTRAINED)
    assert [len(given["lines"]) for given in drawn] == [1, 2], "the first is drawn before the second is computed"
    assert drawn[0]["lines"] == drawn[1]["lines"][:1]
    assert app.query_params["encoders"] == [pretrained.id, UNTRAINED]
    assert len({line["colour"] for line in drawn[-1]["lines"]}) == 2
    assert "16 of 64 pictures" in text(app)
    pictures = drawn[-1]["chosen"]["pictures"]
    assert (len(pictures), len(pictures[0]["values"])) == (6, 2)
    assert pictures[0]["values"][0] <= pictures[-1]["values"][0]


def test_features__of_a_head_are_drawn_dashed_and_told_apart(
    headed: Run, drawn: list[dict[str, Any]], computed: list[int]
) -> None:
    app = opened(headed.id, UNTRAINED, features="both")
    assert [line["dashed"] for line in drawn[-1]["lines"]] == [False, True, False]
    assert len({line["colour"] for line in drawn[-1]["lines"]}) == 2, "h and z of a run have its colour"
    app = opened(headed.id, UNTRAINED, features="z", measure="cosine", point="no.1")
    assert [line["dashed"] for line in drawn[-1]["lines"]] == [True]
    assert "Not shown, as it has no projection head: Untrained" in text(app).replace("\\", "")
    assert "chosen" not in drawn[-1]
    shown = len(drawn)
    assert "None of these encoders has a projection head" in text(opened(UNTRAINED, features="z"))
    assert len(drawn) == shown
    assert len(computed) == 2


def test_encoders__of_a_link_that_are_gone_give_way_to_the_usual_ones(
    pretrained: Run, drawn: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder_choice, "usual_encoders", lambda sources: [sources[0].spec])  # ImageNet's is slow
    assert opened("a-run-that-was-deleted").multiselect[0].value == [pretrained.id]
    assert len(drawn) == 1


def test_collapsed_encoder__is_told_and_has_no_curve(
    pretrained: Run, drawn: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    same = invariance.Response({name: np.ones((6, 16)) for name in BY_NAME}, np.ones((16, 16)))
    monkeypatch.setattr(invariance, "responses", lambda *given: {"h": same})
    shared("responses").clear()
    assert "gives all pictures the same features" in text(opened(pretrained.id))
    assert not drawn
    shared("responses").clear()


def test_sentences__where_the_intervals_leave_all_open_are_that(
    pretrained: Run, drawn: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    open_cosines = {name: np.linspace(-1, 2, 6 * 16).reshape(6, 16) for name in BY_NAME}
    open_answer = invariance.Response(open_cosines, np.eye(16))
    monkeypatch.setattr(invariance, "responses", lambda *given: {"h": open_answer})
    monkeypatch.setattr(ignored, "comparisons", lambda first, others, grey: [])
    shared("responses").clear()
    said = text(opened(pretrained.id))
    assert "leave open what the encoders ignore" in said
    assert "indifferent" not in said
    shared("responses").clear()


def test_grey_pictures__are_said_to_have_no_colour(
    pretrained: Run, drawn: list[dict[str, Any]], tmp_path: Path
) -> None:
    assert "These pictures have no colour" not in text(opened(UNTRAINED))
    draw = np.random.default_rng(0)
    for number in range(16):
        place = tmp_path / "grey" / ("crab" if number % 2 else "ray") / f"{number}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw.integers(0, 255, (6, 6), np.uint8)).resize((48, 48)).convert("RGB").save(place)
    import_images(tmp_path / "grey", "grey")
    said = text(opened(UNTRAINED))  # the newest data set is shown
    assert "These pictures have no colour" in said
    assert "indifferent to colour" not in said


def test_runs__missing_are_offered(tiny_reef: object, drawn: list[dict[str, Any]]) -> None:
    app = opened(UNTRAINED)
    assert "No SimCLR run is chosen" in text(app)
    assert [found.label for found in app.button].count("Train SimCLR") == 1


def test_damaged_model__is_named_and_the_others_are_drawn(
    pretrained: Run, drawn: list[dict[str, Any]], computed: list[int]
) -> None:
    (pretrained.path / "model.safetensors").write_bytes(b"cut")
    app = opened(pretrained.id, UNTRAINED)
    assert len(app.error) == 1
    assert [line["name"] for line in drawn[-1]["lines"]] == ["Untrained (ResNet18)"]
