"""A collapse is announced where the arrays collapse, and not where they do not; so is what the pretext was good for."""

from dataclasses import replace

import numpy as np
import pytest

from sealife_core.config import SimclrConfig, preset
from sealife_core.evaluation.contrast.diagnosis import diagnose, pretext
from sealife_core.evaluation.contrast.training_dynamics import Moment, moment

DIMENSIONS, PICTURES = 64, 100


def config(**values: object) -> SimclrConfig:
    made = preset("simclr", epochs=50, **values)
    assert isinstance(made, SimclrConfig)
    return made


def spread(dimensions: int, *, epoch: int = 10, mean: float = 0.0, seed: int = 0) -> Moment:
    """Pairs in that many of DIMENSIONS directions, around a common ``mean`` of the first."""
    draw = np.random.default_rng(seed)
    z = np.zeros((2, PICTURES, DIMENSIONS))
    z[..., :dimensions] = draw.normal(size=(PICTURES, dimensions)) + 0.1 * draw.normal(size=(2, PICTURES, dimensions))
    z[..., 0] += mean
    return moment(epoch, z, None, 0.2)


HEALTHY = [spread(DIMENSIONS, epoch=0, mean=60), spread(40, epoch=5), spread(DIMENSIONS)]


def test_diagnose__of_a_healthy_run_finds_no_collapse() -> None:
    found = diagnose(HEALTHY, config())
    assert found is not None
    assert (found.kind, found.harms, found.cause) == ("none", False, "")
    assert f"of {DIMENSIONS} dimensions" in found.says
    assert diagnose(HEALTHY[:1], config()) is None  # an untrained network is no collapse


def test_diagnose__of_pictures_all_alike_is_a_complete_collapse() -> None:
    found = diagnose([*HEALTHY, spread(DIMENSIONS, epoch=20, mean=60)], config(learning_rate=1.0))
    assert found is not None
    assert (found.kind, found.harms) == ("complete collapse", True)
    assert "cosine of 0.98" in found.says
    assert "learning rate of 13 times the usual one" in found.cause
    again = diagnose([*HEALTHY, spread(DIMENSIONS, epoch=20, mean=60), spread(DIMENSIONS, epoch=30)], config())
    assert again is not None
    assert again.kind == "none"
    assert "At epoch 20 all pictures still looked the same" in again.says


def test_diagnose__of_few_directions_is_a_dimensional_collapse() -> None:
    found = diagnose([*HEALTHY, spread(12, epoch=20)], config(temperature=2))
    assert found is not None
    assert (found.kind, found.harms) == ("dimensional collapse", True)
    assert "at epoch 10" in found.says
    assert "temperature 2" in found.cause
    half = diagnose([*HEALTHY, spread(40, epoch=20)], config(temperature=2))
    assert half is not None
    assert half.kind == "none"
    never_more = diagnose([HEALTHY[0], spread(2)], config())
    assert never_more is not None
    assert never_more.kind == "dimensional collapse"
    assert "at epoch" not in never_more.says


def test_diagnose__of_a_run_that_has_not_begun_is_no_collapse() -> None:
    found = diagnose([HEALTHY[0], spread(DIMENSIONS, epoch=5, mean=50)], config(learning_rate=0.001))
    assert found is not None
    assert (found.kind, found.harms) == ("no start", False)
    assert "a learning rate of 0.013 times the usual one" in found.cause


def test_diagnose__of_a_divergence_names_its_epoch() -> None:
    lost = [moment(epoch, np.full((2, 8, 4), np.nan), None, 0.2) for epoch in (20, 30)]
    found = diagnose([*HEALTHY, *lost], config(temperature=0.01))
    assert found is not None
    assert found.kind == "divergence"
    assert "at epoch 20" in found.says
    assert "temperature 0.01" in found.cause


def test_diagnose__blames_no_usual_setting() -> None:
    found = diagnose([*HEALTHY, spread(DIMENSIONS, epoch=20, mean=60)], config())
    assert found is not None
    assert found.cause.startswith("Its settings are not unusual.")
    few = diagnose([*HEALTHY, spread(DIMENSIONS, epoch=20, mean=60)], config(batch_size=16))
    assert few is not None
    assert "a batch of 16" in few.cause


@pytest.mark.parametrize(
    ("end", "look"),
    [
        ([moment(20, np.full((2, 8, 4), np.nan), None, 0.2)], "Halve the learning rate first."),
        ([spread(12, epoch=20)], "Few kinds of pictures"),
        ([spread(DIMENSIONS, epoch=20, mean=60)], "Halve the learning rate, or train longer"),
    ],
)
def test_diagnose__says_where_to_look_where_no_setting_explains_it(end: list[Moment], look: str) -> None:
    found = diagnose([*HEALTHY, *end], config())
    assert found is not None
    assert look in found.cause
    no_start = diagnose([HEALTHY[0], spread(DIMENSIONS, epoch=5, mean=50)], config())
    assert no_start is not None
    assert "Train for more epochs first." in no_start.cause


def test_diagnose__blames_a_short_warm_up_for_what_it_can_explain_alone() -> None:
    alike, few = ([*HEALTHY, end] for end in (spread(DIMENSIONS, epoch=20, mean=60), spread(12, epoch=20)))
    causes = [found.cause for run in (alike, few) if (found := diagnose(run, config(warmup_epochs=0)))]
    assert ["a warm-up of only 0.0 epochs" in cause for cause in causes] == [True, False]


def course(*accuracies: float) -> list[Moment]:
    return [replace(HEALTHY[0], epoch=10 * place, accuracy=share) for place, share in enumerate(accuracies)]


def right(*shares: float, images: int = 400) -> np.ndarray:
    """(epochs, images): of each epoch, that share of the first images is right."""
    return np.array([np.arange(images) < share * images for share in shares])


@pytest.mark.parametrize(
    ("accuracies", "knn", "said"),
    [
        (
            (0.1, 0.6, 0.9),
            (0.2, 0.7, 0.5),
            "**Better at the training task does not mean better features**: since epoch 10",
        ),
        (
            (0.1, 0.9, 0.6),
            (0.5, 0.7, 0.3),
            "**Better at the training task does not mean better features**: since epoch 0",
        ),
        ((0.1, 0.6, 0.9), (0.2, 0.5, 0.7), "**Here the training task helped**"),
        (
            (0.1, 0.9, 0.6),
            (0.2, 0.7, 0.5),
            "**Here the training task helped**",
        ),  # the fall came with that of the pretext
        ((0.1, 0.6, 0.9), (0.5, 0.51, 0.52), "**Learning the training task did not show in k-NN accuracy**"),
        ((0.1, 0.6, 0.9), (0.2, 0.71, 0.70), "**Here the training task helped**"),  # a fall within its noise
        ((0.1, 0.1, 0.11), (0.2, 0.5, 0.7), "**It tells pairs apart about as well as at the start**: after epoch 20"),
        ((0.9, 0.9, 0.4), (0.2, 0.5, 0.7), "**It tells pairs apart worse than at the start**: after epoch 20"),
    ],
)
def test_pretext__says_what_the_run_says(accuracies: tuple, knn: tuple, said: str) -> None:
    found = pretext(course(*accuracies), (0, 10, 20), right(*knn)) or ""
    assert found.startswith(said)
    assert f"among {2 * PICTURES - 1} views" in found
    assert ("of 400 validation pictures" in found) == ("k-NN" in found)


def test_pretext__is_silent_where_too_little_was_measured() -> None:
    assert pretext(course(0.1, 0.9), [0], right(0.5)) is None
    assert pretext(course(0.1), (0, 10), right(0.5, 0.7)) is None
    assert pretext(course(0.1, 0.9), (0, 10), right(0.5, 0.7, images=0)) is None
    lost = moment(10, np.full((2, 8, 4), np.nan), None, 0.2)
    assert pretext([*course(0.1), lost], (0, 10), right(0.5, 0.7)) is None


def test_pretext__counts_nothing_after_a_divergence() -> None:
    lost = moment(20, np.full((2, 8, 4), np.nan), None, 0.2)
    assert "helped" in (pretext([*course(0.1, 0.9), lost], (0, 10, 20), right(0.2, 0.7, 0.0)) or "")


def test_pretext__takes_a_change_of_few_images_for_noise() -> None:
    knn = 0.2, 0.7, 0.6
    assert "does not mean better" in (pretext(course(0.1, 0.6, 0.9), (0, 10, 20), right(*knn)) or "")
    assert "does not mean better" not in (pretext(course(0.1, 0.6, 0.9), (0, 10, 20), right(*knn, images=10)) or "")
    assert "within its noise" in (pretext(course(0.1, 0.9), (0, 10), right(0.5, 0.6, images=10)) or "")
