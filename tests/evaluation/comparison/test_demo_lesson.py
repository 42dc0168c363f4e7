"""The demo's sentence follows its figures: over constructed answers each clause can turn."""

import pytest

from sealife_core.evaluation.comparison.demo_lesson import lesson
from tests.evaluation.comparison.test_advice import table

GOOD, FAIR, POOR = table("1" * 90 + "0" * 10), table("1" * 60 + "0" * 40), table("1" * 30 + "0" * 70)


def test_lesson__tells_gains_in_the_order_of_the_story():
    said = lesson({"untrained": POOR, "simclr": FAIR, "imagenet": GOOD, "continued": GOOD, "finetune": GOOD})
    assert said.startswith(
        "On 100 test pictures, SimCLR learned something without a single label: its features classify"
    )
    assert "classify 30.0 points more than untrained ones (95 % interval 20.4 to 38.5);" in said
    assert "are 30.0 points ahead of SimCLR’s" in said
    assert said.endswith(
        "continuing them with SimCLR changes nothing that is certain (the same pictures are right);"
        " fine-tuning them with labels changes nothing that is certain (the same pictures are right)."
    )


def test_lesson__tells_a_failure_as_one():
    said = lesson({"untrained": FAIR, "simclr": POOR, "imagenet": GOOD, "continued": FAIR})
    assert "SimCLR’s features classify 30.0 points less than untrained ones (95 % interval 20.4 to 38.5)" in said
    assert "continuing them with SimCLR costs 30.0 points" in said
    assert "learned" not in said


@pytest.mark.parametrize("keys", [(), ("imagenet",), ("imagenet", "untrained")])
def test_lesson__is_silent_where_nothing_can_be_compared(keys: tuple[str, ...]):
    assert lesson(dict.fromkeys(keys, GOOD)) == ""


def test_lesson__does_not_take_chance_for_learning():
    said = lesson({"untrained": table("10" * 50), "simclr": table("01" * 50 + "")})
    assert (
        "it is not certain that SimCLR’s features are better than untrained ones (0.0 points; 95 % interval −" in said
    )
