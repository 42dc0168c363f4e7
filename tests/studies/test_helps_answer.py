"""Does self-supervision help: what is read off the runs of a study, and what is said of it."""

import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sealife_core.config import Part
from sealife_core.evaluation.classification.predictions import read_predictions, write_predictions
from sealife_core.runs.files import mark
from sealife_core.runs.run import PREDICTIONS, Run
from sealife_core.runs.writer import RunWriter
from sealife_core.studies.helps import DECIDES, HELPS
from sealife_core.studies.helps_answer import (
    Compared,
    HelpsFound,
    _tested,
    beside_sentence,
    decides_sentence,
    helps_found,
)
from sealife_core.studies.questions import build_study
from sealife_core.studies.study_answers import answer
from sealife_core.studies.study_results import PartResult, part_results
from sealife_core.studies.study_settings import ALL_LABELS, FINE_TUNE, IMAGENET, IMAGENET_SIMCLR, PROBE, RANDOM, SIMCLR
from sealife_core.studies.verdict import CANNOT_TELL, NO, YES, Gain
from tests.finished.studies import finished_study

TWO = (IMAGENET, IMAGENET_SIMCLR)
BASE = {1: 0.3, 2: 0.4, 5: 0.5, 10: 0.55, 20: 0.6, 50: 0.65, ALL_LABELS: 0.7}  # of every way with so many labels
Score = Callable[[Part], float | None]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEALIFE_HOME", str(tmp_path))


def study(
    gains: dict[tuple[str, str], float], encoders: tuple[str, ...] = TWO, seeds: int = 3, score: Score | None = None
) -> Run:
    """A finished study of ``encoders``, each way with its gain on BASE."""

    def right(part: Part) -> float | None:
        way = str(part.cell.get("encoder")), str(part.cell.get("use"))
        return BASE.get(part.cell.get("labels"), 0.5) + gains.get(way, 0) + 0.01 * part.config.seed  # type: ignore[arg-type]

    return finished_study(build_study(HELPS, data="reef", encoders=encoders, seeds=seeds), score or right)


@pytest.fixture(scope="module")
def made_equal(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A study without any gain; do not write into it: copy it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEALIFE_HOME", str(tmp_path_factory.mktemp("equal")))
        return study({})


@pytest.fixture
def equal(made_equal: Run, tmp_path: Path) -> Run:
    """A study without any gain."""
    return Run(Path(shutil.copytree(made_equal.root, tmp_path / "checkpoints")) / made_equal.id)


def read(run: Run, parts: list[PartResult] | None = None) -> HelpsFound:
    what = helps_found(parts or part_results(run), run.root, classes=10)
    assert what is not None
    return what


def said(run: Run) -> str:
    return answer(HELPS, part_results(run), run.root, classes=10)


def test_a_gain__is_that_of_continuing_over_frozen_with_its_cost_and_its_labels() -> None:
    run = study({(IMAGENET_SIMCLR, PROBE): 0.08})
    what = read(run)
    one = what.decides
    assert (one.baseline, one.other) == DECIDES[0] == ((IMAGENET, PROBE), (IMAGENET_SIMCLR, PROBE))
    assert one.gain.value == pytest.approx(0.08)
    assert (one.gain.verdict, one.gain.seeds, one.gain.images, one.budgets) == (YES, 3, 100, 7)
    assert one.minutes == pytest.approx(2.0), "its pre-training"
    assert (one.budget, one.accuracy) == (10, pytest.approx(0.64))
    # The baseline is at .61 with 20 labels a class and at .66 with 50: three fifths of the way.
    assert one.needed == pytest.approx(math.exp(math.log(20) + 0.6 * math.log(2.5)))

    words = said(run)
    assert words.startswith("Yes: ImageNet → SimCLR (linear probe) gains 8.0 points (95 % interval ")
    assert "on ImageNet (linear probe). This is the mean of" in words
    assert "over 3 seeds and 100 test images together" in words
    assert "With 10 labels per class it reaches 64 %; ImageNet (linear probe) needs about 35 for that." in words
    assert "It takes 2 min more for each model." in words
    assert "No sure gain: ImageNet → SimCLR (fine-tune) on ImageNet (fine-tune)" in words


def test_answer__of_a_gain_that_no_number_of_labels_gives_says_so() -> None:
    assert "does not reach that with all labels" in said(study({(IMAGENET_SIMCLR, PROBE): 0.2}))


def test_answer__of_two_equal_ways_is_no_and_says_that_the_start_was_kept(made_equal: Run) -> None:
    assert read(made_equal).decides.verdict == NO
    words = said(made_equal)
    assert words.startswith("No: ImageNet → SimCLR (linear probe) is right on the very same test images as ImageNet")
    assert "keeps its start" in words
    assert "ruled out" not in words


def test_answer__of_the_same_answers_by_another_encoder_cannot_tell_where_test_images_are_few(equal: Run) -> None:
    learned = next(p for p in part_results(equal) if not p.cell and IMAGENET_SIMCLR in p.key)
    RunWriter(Run(equal.root / learned.run_id)).results(kept_epoch=3)
    one = read(equal).decides
    assert (one.verdict, one.gain.value, one.gain.differing) == (CANNOT_TELL, 0, 0)
    assert one.gain.low == -one.gain.high < -0.02
    assert said(equal).startswith("Cannot tell: ImageNet → SimCLR (linear probe) gains 0.0 points (95 % interval ")


def test_answer__of_a_loss_says_what_gain_is_ruled_out() -> None:
    words = said(study({(IMAGENET_SIMCLR, PROBE): -0.1}))
    assert words.startswith("No: ImageNet → SimCLR (linear probe) gains ")
    assert "A gain of 2 points or more is ruled out." in words


def test_answer__of_few_images_cannot_tell_and_says_what_it_cannot_show() -> None:
    rng = np.random.default_rng(0)
    run = study({}, seeds=2)
    for part in part_results(run):
        if part.cell:
            table = read_predictions(run.root / part.run_id)
            table["predicted"] = np.where(rng.random(len(table)) < 0.6, "ray", "crab")
            write_predictions(table, run.root / part.run_id)
    assert read(run).decides.gain.verdict == CANNOT_TELL
    words = said(run)
    assert words.startswith("Cannot tell: ")
    assert "This data set cannot show a gain of 5 points: with 100 test images and 2 seeds, only one of" in words


def compared(low: float, high: float, minutes: float | None = None, smallest: float = 0.2) -> Compared:
    """A comparison with that interval, over 3 seeds and 345 test images."""
    found = Gain((low + high) / 2, low, high, 0.1, smallest, seeds=3, images=345, differing=50)
    return Compared((IMAGENET, PROBE), (IMAGENET_SIMCLR, PROBE), found, 7, minutes, 10, 0.64, None)


@pytest.mark.parametrize(("smallest", "could"), [(0.03, True), (0.05, True), (0.08, False)])
def test_answer__that_cannot_tell_says_whether_a_gain_of_five_points_could_have_shown(
    smallest: float, could: bool
) -> None:
    words = decides_sentence(compared(-0.01, 0.03, smallest=smallest))
    assert words.startswith("Cannot tell: ")
    points = f"{100 * smallest:.1f} points would"
    assert (f"A gain of {points} have been found in four of five such studies." in words) is could
    assert ("This data set cannot show a gain of 5 points" in words) is not could
    assert (f"only one of {100 * smallest:.0f} points would be found" in words) is not could


@pytest.mark.parametrize(
    ("minutes", "says"), [(4.2, "It takes 4 min more for each model."), (0.4, ""), (-3, ""), (None, "")]
)
def test_answer__says_what_it_costs_only_where_it_takes_longer(minutes: float | None, says: str) -> None:
    words = decides_sentence(compared(0.01, 0.03, minutes))
    assert words.endswith(says)
    assert ("It takes" in words) == bool(says)


@pytest.mark.parametrize(
    ("sure", "says", "silent"),
    [
        (True, "Beside it, a sure gain: ImageNet → SimCLR (linear probe) on ImageNet (linear probe): 2.0 ", "No sure"),
        (False, "No sure gain: ImageNet → SimCLR (linear probe) on ImageNet (linear probe).", "Beside it"),
    ],
)
def test_answer__names_a_sure_gain_beside_only_where_it_is_one(sure: bool, says: str, silent: str) -> None:
    words = beside_sentence(HelpsFound(compared(0, 0.1), ((compared(0.01, 0.03), sure),)))
    assert words.startswith(says)
    assert silent not in words
    assert words.endswith("the others are judged more strictly, because there are several.")
    assert beside_sentence(HelpsFound(compared(0, 0.1), ())) == ""


@pytest.mark.slow
def test_found__counts_the_other_comparisons_beside_and_corrects_them() -> None:
    what = read(study({(SIMCLR, FINE_TUNE): 0.2}, (RANDOM, SIMCLR, *TWO)))
    beside = {(one.baseline, one.other): sure for one, sure in what.beside}
    assert beside == {
        ((IMAGENET, FINE_TUNE), (IMAGENET_SIMCLR, FINE_TUNE)): False,
        ((RANDOM, FINE_TUNE), (SIMCLR, FINE_TUNE)): True,
    }


def test_found__without_imagenet_decides_on_simclr_against_scratch() -> None:
    run = finished_study(build_study(HELPS, data="reef", encoders=(RANDOM, SIMCLR)), lambda part: 0.5)
    what = read(run)
    assert (what.decides.baseline, what.decides.other) == DECIDES[1]
    assert what.beside == ()


@pytest.mark.slow
def test_found__leaves_out_a_seed_whose_run_failed_and_needs_two() -> None:
    def failing(seeds: tuple[int, ...]) -> Score:
        def score(part: Part) -> float | None:
            mine = part.cell == {"encoder": IMAGENET, "use": PROBE, "labels": 20} and part.config.seed in seeds
            return None if mine else 0.5

        return score

    assert read(study({}, score=failing((1,)))).decides.gain.seeds == 2
    run = study({}, (RANDOM, SIMCLR, *TWO), score=failing((0, 1)))
    assert read(run).decides.other == (SIMCLR, FINE_TUNE)


def test_answer__of_runs_that_were_tested_on_other_images_says_which(equal: Run) -> None:
    part = next(p for p in part_results(equal) if p.cell.get("encoder") == IMAGENET)
    table = read_predictions(equal.root / part.run_id)
    write_predictions(table.assign(id=table["id"] + " of another"), equal.root / part.run_id)
    assert said(equal).startswith("No answer: '")
    assert "was tested on other images than the other runs of this study" in said(equal)


def test_answers__of_many_runs_hold_the_names_of_their_test_images_once(made_equal: Run) -> None:
    runs = [path.parent for path in made_equal.root.glob(f"*/{PREDICTIONS}")][:2]
    (one, _), (other, _) = (_tested(run, mark(run / PREDICTIONS)) for run in runs)
    assert len(one) == 100
    assert all(a is b for a, b in zip(one, other, strict=True))
