from dataclasses import replace

import pytest

from dashboard.components.score_cards import verdict
from sealife_core.evaluation.comparison import ComparisonRow

FIELDS = {name: "" if hint is str else 0.0 for name, hint in ComparisonRow.__annotations__.items()}
ROW = ComparisonRow(**FIELDS | {"n": 100, "chance": 0.1, "comparable": True, "method": "Fine-tune"})


def row(method: str, accuracy: float, spread: float) -> ComparisonRow:
    return replace(ROW, method=method, accuracy=accuracy, low=accuracy - spread, high=accuracy + spread)


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        (0.60, 0.30, "Fine-tune is better than linear probe"),
        (0.60, 0.55, "100 test images do not decide between"),
        (0.15, 0.12, "Neither is significantly better than chance"),
    ],
)
def test_verdict__claims_no_more_than_the_intervals_bear(first, second, says):
    assert says in verdict([row("Fine-tune", first, 0.1), row("Linear probe", second, 0.1)])


def test_verdict__is_silent_about_one_run_and_about_other_test_images():
    other = replace(row("Transfer", 0.9, 0.01), comparable=False)
    assert verdict([row("Fine-tune", 0.6, 0.1), other]) == ""
