"""What the lessons say is right, and print, from what is stored to the sentence: it turns with the numbers.

The widgets are called without a page: nothing is drawn.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from dashboard.app_pages.lessons import widgets
from dashboard.app_pages.lessons.widgets import WIDGETS
from dashboard.data.lessons.handout import handout_html
from dashboard.data.lessons.lessons import CANNOT_TELL, LESSONS
from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast import neighbour_vote, view_encoder
from sealife_core.evaluation.contrast.readout import QUIZZES, Readout
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import MODEL, Run
from sealife_core.studies.helps import HELPS
from sealife_core.studies.questions import build_study
from sealife_core.studies.study_settings import IMAGENET_SIMCLR
from sealife_core.studies.study_settings import PROBE as BY_PROBE
from tests.finished.models import NETWORK
from tests.finished.runs import clustered, predictions_on, with_predictions
from tests.finished.studies import finished_study


def answered(key: str) -> tuple[str, str, str]:
    """The right option, the numbers behind it, and the handout."""
    lesson = next(lesson for lesson in LESSONS if lesson.key == key)
    reading, printed = WIDGETS[key]()
    answer = lesson.judge(reading)
    assert answer.right is not None
    return lesson.options(reading)[answer.right], answer.because, handout_html(lesson, reading, printed())


def pictures(html: str) -> int:
    return len(re.findall('<img src="data:image/', html))


@pytest.mark.parametrize(("recipe", "option"), [("SimCLR", "Between one and two thirds"), ("Shape", "More than two")])
def test_view__answers_for_the_recipe_that_is_chosen(
    tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch, recipe: str, option: str
) -> None:
    monkeypatch.setattr(widgets.st, "segmented_control", lambda *args, **kwargs: recipe)
    right, _, html = answered("view")
    assert right.startswith(option)
    assert pictures(html) == 6
    assert f"drawn with the recipe {recipe}" in html


@pytest.mark.parametrize("key", ["pair", "temperature"])
def test_board__prints_all_views_and_what_the_lesson_looks_at(
    tiny_reef: Dataset, pretrained: Run, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setattr(widgets, "similarity_matrix", lambda *given: None)
    right, because, html = answered(key)
    assert pictures(html) == 2 * widgets.BATCH
    if key == "pair":
        assert right == str(2 * widgets.BATCH - 2)
        assert html.count("<rect") == 16 * 15
    else:
        assert "of 14 negatives get" in because
        assert "share at temperature 0.01" in html
        assert html.count("<tr>") == 1 + 14


@pytest.mark.parametrize(
    ("h", "z", "option"),
    [(0.75, 0.25, "From h"), (0.25, 0.75, "From z"), (0.5, 0.5, "These pictures cannot tell")],
)
def test_head__answers_with_what_tells_more(
    tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch, h: float, z: float, option: str
) -> None:
    values = {"data": tiny_reef.name, "data_hash": tiny_reef.content_hash}
    (create_run(preset("simclr", "Quick look", **values)).path / MODEL).touch()
    told: dict[str, Readout] = {
        space: {quiz.name: np.full(64, share) for quiz in QUIZZES} for space, share in (("h", h), ("z", z))
    }
    monkeypatch.setattr(widgets.contrast, "readouts", lambda *given: told)
    right, because, html = answered("head")
    assert right == option
    assert f"is right on {100 * h:.0f} % from h, on {100 * z:.0f} % from z" in because
    assert html.count(f"<td>{100 * h:.0f} %</td><td>{100 * z:.0f} %</td>") == len(QUIZZES) + 1
    assert pictures(html) > len(QUIZZES)


@pytest.mark.parametrize(
    ("probe", "finetune", "option"),
    [(1, 0, "The linear probe"), (0, 1, "The fine-tuned run"), (1, 1, "These pictures cannot tell")],
)
def test_probe__answers_with_the_more_accurate_one(tiny_reef: Dataset, probe: int, finetune: int, option: str) -> None:
    common: dict[str, Any] = {"data": "reef", "encoder": "tf_efficientnet_lite0", "image_size_px": 96}
    for task, share in (("probe", probe), ("finetune", finetune)):
        run = create_run(preset(task, data_hash=tiny_reef.content_hash, weights="imagenet", **common), name=task)
        wrong = partial(np.full_like, fill_value=not share, dtype=bool)
        with_predictions(run, predictions_on(tiny_reef, wrong), tiny_reef.classes, tiny_reef.test_hash)
    right, because, html = answered("probe")
    assert right == option
    lead = f"{100 * (finetune - probe):+.1f}".replace("-", "−") if probe != finetune else "0.0"
    assert f"Fine-tuned run minus probe, on the same pictures: {lead} points" in html
    assert f"the probe is right on {100 * probe} %, the fine-tuned run on {100 * finetune} %" in because
    tested = len(tiny_reef.rows("test"))
    assert pictures(html) == (min(6, tested) if probe != finetune else 0)
    assert (f"Only the linear probe is right: {tested} of {tested}" in html) == (probe > finetune)


@pytest.mark.parametrize(
    ("spread", "option"), [(0.3, "Clearly more than half the time"), (300, "Not clearly more often than guessing")]
)
def test_imagenet__answers_with_how_often_the_vote_is_right(
    tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch, spread: float, option: str
) -> None:
    h = clustered(tiny_reef, spread)
    network = view_encoder.untrained(NETWORK, 32)
    monkeypatch.setattr(view_encoder, "imagenet", lambda *given: network)
    monkeypatch.setattr(neighbour_vote, "embed", lambda network, pixels, rows, **given: h[rows])
    right, because, html = answered("imagenet")
    vote = neighbour_vote.vote(network, tiny_reef)
    assert vote is not None
    assert right == option
    assert f"The vote is right for {100 * vote.accuracy:.0f} % of the pictures (95 % interval" in because
    assert f"interval {100 * vote.low:.0f} to {100 * vote.high:.0f} %)" in because
    assert pictures(html) == 3 * 6


def alike(part: Any) -> float:
    return 0.5


def by(gain: float) -> Callable[[Any], float]:
    return lambda part: 0.5 + gain * (part.cell.get("encoder") == IMAGENET_SIMCLR and part.cell["use"] == BY_PROBE)


@pytest.mark.parametrize(
    ("score", "option", "said"),
    [
        (by(0.08), "Yes", "by +8.0 points"),
        (by(-0.08), "No, at least not by much", "by −8.0 points"),
        (alike, "No, at least not by much", "all answers over 2 seeds and 100 test images are the same"),
        (lambda part: 0.5 + 0.1 * by(1)(part) * (part.config.seed - 0.4), CANNOT_TELL, "points; the 95 %"),
    ],
)
def test_help__answers_with_the_verdict(
    tiny_reef: Dataset, score: Callable[[Any], float], option: str, said: str
) -> None:
    finished_study(build_study(HELPS, data=tiny_reef.name, seeds=2), score)
    right, because, html = answered("help")
    assert right.startswith(option)
    assert said in because
    assert "decides" in html
    assert "labels a class" in html, "what the columns of the table are"
    assert pictures(html) == 6
