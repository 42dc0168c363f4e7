"""The comparisons of the study "Does self-supervision help me?", with the accuracy for each number of labels."""

from collections.abc import Sequence

from dashboard.words import unbroken
from sealife_core.datasets.dataset import Dataset
from sealife_core.studies.helps_answer import Compared, HelpsFound, option_words
from sealife_core.studies.study_results import PartResult, over_seeds
from sealife_core.studies.study_settings import budget
from sealife_core.wording import percent, points

READ_TABLE = (
    "Accuracy on test pictures with 1, 2, … labels a class, mean over seeds; gain: mean over the numbers of labels,"
    " with its 95 % interval. ImageNet → SimCLR: ImageNet’s encoder, trained on with SimCLR on these pictures."
)


def tested_before(parts: Sequence[PartResult], dataset: Dataset) -> str:
    """That the runs were tested on other images or labels than the test split of ``dataset`` has now; "" if not."""
    if {part.test_hash for part in parts} <= {"", dataset.test_hash}:
        return ""
    return "Since this study the test pictures or their labels have changed: the verdict is about the earlier ones."


def study_table(parts: Sequence[PartResult], found: HelpsFound) -> list[dict[str, str]]:
    """Two rows a comparison, the one that decides first: without SimCLR and with it, which says what it gains."""
    mean = {(cell.cell["encoder"], cell.cell["use"], cell.cell["labels"]): cell.mean for cell in over_seeds(parts)}
    compared = [found.decides, *(one for one, _ in found.beside)]
    options = {option for one in compared for option in (one.baseline, one.other)}
    budgets = sorted({labels for *option, labels in mean if tuple(option) in options}, key=budget)
    rows = []
    for place, one in enumerate(compared):
        for option, gained in ((one.baseline, ""), (one.other, _gained(one))):
            cells = {_labels(labels): unbroken(percent(mean.get((*option, labels)), 0)) for labels in budgets}
            rows.append(
                {"Comparison": "" if gained else "beside" if place else "decides", "Encoder": option_words(option)}
                | cells
                | {"Gain in points": gained}
            )
    return rows


def _labels(labels: str | float) -> str:
    return labels if isinstance(labels, str) else f"{labels:g}"


def _gained(one: Compared) -> str:
    gain = one.gain
    if one.kept_start:
        return "0: the same answers"
    return f"{points(gain.value)} ({points(gain.low)} to {points(gain.high)})"
