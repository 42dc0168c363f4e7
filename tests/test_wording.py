"""Numbers as sentences have them."""

import pytest

from sealife_core.wording import counted, duration, listed, percent, points, points_between, short_number


def test_counted__says_one_and_many() -> None:
    assert counted(1, "group") == "1 group"
    assert counted(0, "group") == "0 groups"
    assert counted(1903, "class", "classes") == "1,903 classes"


def test_listed__says_and_before_the_last_alone() -> None:
    names = ["crab", "ray", "eel"]
    assert [listed(names[:n]) for n in range(4)] == ["", "crab", "crab and ray", "crab, ray and eel"]
    assert listed(names, "or") == "crab, ray or eel"


@pytest.mark.parametrize(
    ("value", "words"),
    [(4 / 3, "1.333"), (0.0003, "0.0003"), (100.0, "100"), (1e-7, "1e-07"), (-0.5, "-0.5"), (12345.0, "12345")],
)
def test_short_number__has_no_more_digits_than_a_person_reads(value: float, words: str) -> None:
    assert short_number(value) == words


def test_percent__has_a_space_before_its_sign() -> None:
    assert (percent(0.61), percent(0.305, 0)) == ("61.0 %", "30 %")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "–"),
        (0.4, "1 s"),
        (89, "89 s"),
        (91, "2 min"),
        (1314, "22 min"),
        (3599, "1 h 0 min"),
        (3900, "1 h 5 min"),
    ],
)
def test_duration__reads_as_people_say_it(seconds: float | None, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (-0.07, 0.03, "−7 to +3 points"),
        (-0.0034, 0.1, "−0.3 to +10.0 points"),
        (0.0, 0.1, "0.0 to +10.0 points"),
        (-0.0001, 0.02, "−0.01 to +2.00 points"),
        (1e-8, 0.02, "0.000 to +2.000 points"),
        (-0.2, -0.011, "−20 to −1 points"),
    ],
)
def test_points_between__shows_on_which_side_of_zero_both_ends_lie(low: float, high: float, said: str) -> None:
    assert points_between(low, high) == said


def test_points__have_a_sign_but_for_nothing() -> None:
    assert [points(share) for share in (0.012, -0.012, 0.0001, -0.0001)] == ["+1.2", "−1.2", "0.0", "0.0"]
    assert [points(share, 0) for share in (0.1, 0.0)] == ["+10", "0"]


def test_points_between__has_as_many_digits_as_asked_for() -> None:
    assert points_between(0.012, 0.034, digits=1) == "+1.2 to +3.4 points"
    assert points_between(0.0003, 0.034, digits=1) == "+0.03 to +3.40 points"
