"""Yes, no or cannot tell: how often a study says a yes that is none, and how often it misses a gain."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import t

from sealife_core.studies.verdict import (
    CANNOT_TELL,
    GOAL,
    NO,
    RISK,
    YES,
    gain,
    labels_needed,
    other_gains,
    smallest_gain,
)

STUDIES = 200
BUDGETS = np.log2([1, 2, 5, 10, 20, 50, 120])


@dataclass(frozen=True)
class World:
    """How much each thing moves an image's log-odds of being right (standard deviations).

    image: its difficulty, the same for all. labels: of the subset a seed chooses at a budget, and on_image: what that
    subset does to one image; both are the same for all arms. arm_image: what one arm sees in one image. arm_seed: its
    pre-training with another seed.
    """

    image: float = 2.0
    labels: float = 0.15
    on_image: float = 0.7
    arm_image: float = 0.8
    arm_seed: float = 0.05


def studies(rng: np.random.Generator, *, arms: int, seeds: int, images: int, gain: float = 0.0, world: World = World()):
    """Simulated studies, one after another: (arms, S, B, N) whether right. The last arm gains ``gain`` in accuracy."""
    for _ in range(STUDIES):
        shape = (seeds, len(BUDGETS), images)
        shared = world.image * rng.normal(size=images)
        shared = (
            shared
            + world.labels * rng.normal(size=(seeds, len(BUDGETS), 1))
            + world.on_image * rng.normal(size=(seeds, 1, images))
        )
        odds = np.linspace(-1.2, 1.8, len(BUDGETS))[None, :, None] + shared
        arm = world.arm_image * rng.normal(size=(arms, 1, 1, images)) + world.arm_seed * rng.normal(
            size=(arms, seeds, 1, 1)
        )
        chance = expit(odds + arm)
        if gain:
            chance[-1] += gain * (chance[-1] * (1 - chance[-1])) / (chance[-1] * (1 - chance[-1])).mean()
        yield rng.random((arms, *shape)) < chance


@pytest.mark.parametrize("world", [World(), World(arm_seed=0.3), World(arm_image=0.0)], ids=str)
@pytest.mark.parametrize(("seeds", "images"), [(5, 345), (2, 345), (3, 60)])
def test_verdict__of_two_identical_arms_is_a_false_yes_in_at_most_5_percent(seeds: int, images: int, world: World):
    rng = np.random.default_rng(0)
    said = [gain(*right).verdict for right in studies(rng, arms=2, seeds=seeds, images=images, world=world)]
    assert said.count(YES) <= 0.05 * STUDIES


@pytest.mark.slow
@pytest.mark.parametrize(("seeds", "world"), [(5, World()), (2, World(arm_seed=0.3))], ids=str)
def test_verdict__of_a_whole_study_of_identical_arms_says_any_yes_in_at_most_5_percent(seeds: int, world: World):
    rng = np.random.default_rng(1)
    false = 0
    for arms in studies(rng, arms=6, seeds=seeds, images=345, world=world):
        beside = other_gains({f"{k} on {j}": (arms[j], arms[k]) for j in (0, 2, 4) for k in range(j + 1, 6)})
        assert len(beside) == 9
        false += gain(arms[0], arms[1]).verdict == YES or any(yes for _, yes in beside.values())
    assert false <= 0.05 * STUDIES


def test_verdict__finds_5_points_at_345_images_and_five_seeds_in_four_of_five_studies():
    rng = np.random.default_rng(2)
    found = [gain(*right) for right in studies(rng, arms=2, seeds=5, images=345, gain=GOAL)]
    assert np.mean([one.value for one in found]) == pytest.approx(GOAL, abs=0.005)
    assert np.mean([one.verdict == YES for one in found]) >= 0.8
    assert np.mean([one.shows_goal for one in found]) > 0.95


def test_verdict__of_too_few_images_misses_5_points_but_says_that_it_cannot_show_them():
    rng = np.random.default_rng(3)
    found = [gain(*right) for right in studies(rng, arms=2, seeds=5, images=40, gain=GOAL)]
    assert np.mean([one.verdict == YES for one in found]) < 0.5
    assert np.mean([one.verdict == YES or not one.shows_goal for one in found]) >= 0.8


def test_gain__interval_holds_the_true_gain_in_19_of_20_studies():
    rng = np.random.default_rng(4)
    found = [gain(*right) for right in studies(rng, arms=2, seeds=5, images=345, gain=0.03)]
    assert 0.92 <= np.mean([one.low <= 0.03 <= one.high for one in found]) <= 1


def test_gain__error_is_that_of_drawing_seeds_and_images_anew():
    """The pigeonhole bootstrap (Owen, Ann. Appl. Stat. 1, 2007): seeds and images drawn anew, independently."""
    rng = np.random.default_rng(5)
    a, b = next(studies(rng, arms=2, seeds=30, images=200, world=World(arm_seed=0.5)))
    d = (b.astype(float) - a).mean(axis=1)
    drawn = [d[np.ix_(rng.integers(0, 30, 30), rng.integers(0, 200, 200))].mean() for _ in range(2000)]
    found = gain(a, b)
    assert (found.high - found.low) / 2 == pytest.approx(2 * np.std(drawn), rel=0.1)


def test_gain__counts_the_noise_of_single_answers_once():
    """Where seeds and images differ by chance alone, the means over seeds hold all of the error."""
    a, b = np.random.default_rng(8).random((2, 5, 3000)) < 0.5
    of_seeds = (b.astype(float) - a).mean(axis=1)
    found = gain(a, b)
    expected = t.ppf(0.975, 4) * of_seeds.std(ddof=1) / np.sqrt(5)
    assert (found.high - found.low) / 2 == pytest.approx(expected, rel=0.05)


def test_gain__of_the_reverse_is_the_reverse():
    a, b = next(studies(np.random.default_rng(6), arms=2, seeds=5, images=100))
    there, back = gain(a, b), gain(b, a)
    assert (back.value, back.low, back.high) == pytest.approx((-there.value, -there.high, -there.low))
    assert back.p == pytest.approx(1 - there.p)


def test_verdict__no_means_that_a_gain_worth_having_is_ruled_out():
    rng = np.random.default_rng(7)
    a, b = next(studies(rng, arms=2, seeds=5, images=345, gain=-0.05))
    assert gain(a, b).verdict == NO
    assert gain(a, a).verdict == NO
    assert gain(a[..., :50], a[..., :50]).verdict == CANNOT_TELL  # the same on every image, and the images are few


@pytest.mark.parametrize("images", [10, 40, 100, 183])
def test_verdict__rules_out_no_gain_that_so_few_images_would_seldom_show(images: int):
    """A gain of 2.1 points, on images that are fixed with every seed: of few images often none is one of these."""
    rng = np.random.default_rng(8)
    a = np.zeros((5, images), bool)
    said = [gain(a, a | (rng.random(images) < 0.021)).verdict for _ in range(STUDIES)]
    assert said.count(NO) <= 0.05 * STUDIES


def test_verdict__of_one_seed_or_a_few_images_that_differ_cannot_tell():
    a = np.zeros((5, 345), bool)
    b = a.copy()
    b[:, :5] = True  # five images of one mind: exact McNemar has p = 0.06
    assert gain(a, b).low > -0.01
    assert gain(a, b).verdict != YES
    b[:, :40] = True
    assert gain(a, b).verdict == YES
    assert gain(a[:1], b[:1]).verdict == CANNOT_TELL


@pytest.mark.parametrize("fixed", [0, 1, 3, 40])
def test_gain__p_is_the_risk_of_its_interval(fixed: int):
    a = np.zeros((5, 345), bool)
    b = np.broadcast_to(np.arange(345) < fixed, a.shape)
    one = gain(a, b)
    assert 0 < one.p <= 0.5
    assert (one.p < RISK) == (one.low > 0)


def test_smallest_gain__shrinks_with_images_and_seeds():
    assert smallest_gain(5, 345) < GOAL < smallest_gain(5, 60)
    assert smallest_gain(10, 345) < smallest_gain(5, 345) < smallest_gain(2, 345)
    assert smallest_gain(1, 345) == 1


def test_labels_needed__is_read_off_on_a_logarithmic_axis():
    budgets, accuracies = [1, 10, 100], [0.1, 0.3, 0.5]
    assert labels_needed(0.4, budgets, accuracies) == pytest.approx(10**1.5)
    assert labels_needed(0.3, budgets, accuracies) == pytest.approx(10)
    assert labels_needed(0.51, budgets, accuracies) == float("inf")
    assert labels_needed(0.05, budgets, accuracies) is None
    assert labels_needed(0.4, budgets, [0.3, 0.2, 0.5]) == pytest.approx(10**1.5)
