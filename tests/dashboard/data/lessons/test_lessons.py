"""The questions of the lessons: the numbers of the page decide what is right."""

import pytest

from dashboard.data.lessons.lessons import LESSONS, Reading

BY_KEY = {lesson.key: lesson for lesson in LESSONS}

SHOWN: dict[str, Reading] = {
    "view": {"kept_area": 0.5, "draws": 500},
    "pair": {"pictures": 8},
    "temperature": {"hardest_share": 0.8, "hardest": 3, "negatives": 14, "temperature": 0.1},
    "head": {"h": 0.67, "z": 0.57, "low": 0.07, "high": 0.12, "quizzes": 6, "pictures": 64},
    "probe": {"probe": 0.8, "finetune": 0.7, "low": -0.2, "high": -0.01, "n": 100},
    "imagenet": {
        "knn": 0.7,
        "low": 0.6,
        "high": 0.8,
        "chance": 0.1,
        "n": 120,
        "bank": 120,
        "voters": 20,
        "classes": 10,
        "all_classes": 10,
    },
    "help": {"verdict": 2, "gain": 0.01, "low": -0.01, "high": 0.03, "seeds": 3, "images": 345, "same": 0},
}


def right(key: str, **changed: float) -> str:
    reading = {**SHOWN[key], **changed}
    answer = BY_KEY[key].judge(reading)
    assert answer.right is not None
    return BY_KEY[key].options(reading)[answer.right]


def test_lessons__are_seven_and_each_has_a_question_that_its_numbers_answer() -> None:
    assert [lesson.key for lesson in LESSONS] == list(SHOWN)
    for lesson in LESSONS:
        answer, options = lesson.judge(SHOWN[lesson.key]), lesson.options(SHOWN[lesson.key])
        assert answer.right in range(len(options))
        assert len(set(options)) == len(options) > 2
        assert any(character.isdigit() for character in answer.because)


@pytest.mark.parametrize(
    ("key", "changed", "option"),
    [
        ("view", {"kept_area": 0.2}, "Less than a third"),
        ("view", {"kept_area": 0.9}, "More than two thirds"),
        ("pair", {"pictures": 8}, "14"),
        ("pair", {"pictures": 32}, "62"),
        ("temperature", {"hardest_share": 0.8}, "More than two thirds"),
        ("temperature", {"hardest_share": 0.3}, "Less than a third"),
        ("head", {}, "From h"),
        ("head", {"low": -0.4, "high": -0.1}, "From z"),
        ("head", {"low": -0.1}, "These pictures cannot tell"),
        ("probe", {}, "The linear probe"),
        ("probe", {"low": 0.01, "high": 0.2}, "The fine-tuned run"),
        ("probe", {"high": 0.01}, "These pictures cannot tell"),
        ("imagenet", {}, "Clearly more than half the time"),
        ("imagenet", {"low": 0.4}, "More often than guessing, but not clearly more than half the time"),
        ("imagenet", {"low": 0.1}, "Not clearly more often than guessing"),
        ("imagenet", {"low": 0.6, "chance": 0.65}, "Not clearly more often than guessing"),
        ("help", {"verdict": 0}, "Yes"),
        ("help", {"verdict": 1}, "No, at least not by much"),
    ],
)
def test_answer__follows_the_numbers(key: str, changed: dict[str, float], option: str) -> None:
    assert right(key, **changed) == option


def test_imagenet__says_of_how_many_classes_the_pictures_are_where_it_is_not_all() -> None:
    judge = BY_KEY["imagenet"].judge
    assert "On each of 120 pictures the 20 nearest" in judge(SHOWN["imagenet"]).because
    some = judge({**SHOWN["imagenet"], "classes": 120, "all_classes": 1000}).because
    assert "On each of 120 pictures of 120 of the 1,000 classes the 20 nearest" in some


@pytest.mark.parametrize("pictures", range(1, 9))
def test_pair__options_differ_for_any_number_of_pictures_and_one_is_right(pictures: int) -> None:
    options = BY_KEY["pair"].options({"pictures": pictures})
    assert len(set(options)) == len(options) > 2
    assert right("pair", pictures=pictures) == str(2 * pictures - 2)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(-0.03, -0.004, "This one does not"), (0.07, 0.12, "has thrown"), (-0.1, 0.1, "not clearly thrown")],
)
def test_head__says_whether_the_numbers_are_what_the_lesson_leads_one_to_expect(
    low: float, high: float, said: str
) -> None:
    because = BY_KEY["head"].judge({**SHOWN["head"], "low": low, "high": high}).because
    assert said in because
    assert sum(each in because for each in ("This one does not", "has thrown", "not clearly thrown")) == 1
    assert "−0 points" not in because, "on which side of zero the interval lies can be read"


def test_help__says_that_nothing_changed_only_where_nothing_did() -> None:
    none = BY_KEY["help"].judge({**SHOWN["help"], "gain": 0, "low": -0.01, "high": 0.01, "same": 1}).because
    assert none == "With and without SimCLR all answers over 3 seeds and 345 test images are the same."
    less = BY_KEY["help"].judge({**SHOWN["help"], "gain": -0.012, "low": -0.034, "high": 0.01}).because
    assert "by −1.2 points" in less
    assert "is −3.4 to +1.0." in less


@pytest.mark.parametrize("key", ["head", "probe", "imagenet", "help"])
def test_answer__is_open_where_the_page_has_nothing_to_go_by(key: str) -> None:
    answer = BY_KEY[key].judge({})
    assert answer.right is None
    assert answer.because


def test_temperature__names_no_end_that_learns_worse() -> None:
    said = " ".join(BY_KEY["temperature"].says)
    assert "badly" not in said, "that differs from data set to data set"
    assert "has to be tried" in said
