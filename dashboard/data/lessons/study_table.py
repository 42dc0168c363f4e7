"""The study "Does self-supervision help me?" by the number of labels."""

from collections.abc import Sequence

from sealife_core.studies.building import budget
from sealife_core.studies.helps_answer import HelpsFound, option_words
from sealife_core.studies.results import PartResult, over_seeds
from sealife_core.wording import percent


def labels_table(parts: Sequence[PartResult], found: HelpsFound) -> list[dict[str, str]]:
    """The mean accuracy of both options of the comparison that decides, and the gain, for each number of labels."""
    of = {(cell.cell["encoder"], cell.cell["use"], cell.cell["labels"]): cell for cell in over_seeds(parts)}
    one, rows = found.decides, []
    shared = [labels for *option, labels in of if tuple(option) == one.baseline and (*one.other, labels) in of]
    for labels in sorted(shared, key=budget):
        own, other = of[*one.baseline, labels].mean, of[*one.other, labels].mean
        rows.append(
            {
                "Labels per class": labels if isinstance(labels, str) else f"{labels:g}",
                option_words(one.baseline): percent(own),
                option_words(one.other): percent(other),
                "Gain": f"{100 * (other - own):+.1f} points".replace("-", "−"),
            }
        )
    return rows
