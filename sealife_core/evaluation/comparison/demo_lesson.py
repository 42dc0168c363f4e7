"""What the demo's classifiers show, in one sentence made from their scores; missing ones are left out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sealife_core.evaluation.comparison.advice import signed
from sealife_core.evaluation.comparison.paired import Paired, paired

if TYPE_CHECKING:
    import pandas as pd

# (worse, better) as expected → the words for a gain, for a loss, and for neither.
_CLAUSES: dict[tuple[str, str], tuple[str, str, str]] = {
    ("untrained", "simclr"): (
        "SimCLR learned something without a single label: its features classify {} points more than untrained ones",
        "SimCLR’s features classify {} points less than untrained ones",
        "it is not certain that SimCLR’s features are better than untrained ones",
    ),
    ("simclr", "imagenet"): (
        "features from ImageNet’s 1.3 million photographs are {} points ahead of SimCLR’s",
        "features from ImageNet are {} points behind SimCLR’s",
        "features from ImageNet are not certainly different from SimCLR’s",
    ),
    ("imagenet", "continued"): (
        "continuing them with SimCLR adds {} points",
        "continuing them with SimCLR costs {} points",
        "continuing them with SimCLR changes nothing that is certain",
    ),
    ("imagenet", "finetune"): (
        "fine-tuning them with labels adds {} points",
        "fine-tuning them with labels costs {} points",
        "fine-tuning them with labels changes nothing that is certain",
    ),
}


def lesson(tables: "Mapping[str, pd.DataFrame]") -> str:
    """One sentence from the predictions (a key of the demo → table) of classifiers tested on the same images.

    A difference counts if its 95 % interval does not contain 0. "" without two to compare.
    """
    said = []
    for (first, second), (gain, loss, neither) in _CLAUSES.items():
        if first not in tables or second not in tables:
            continue
        pair = paired(tables[first], tables[second])
        found = pair.accuracy_difference
        words = gain if found.low > 0 else loss if found.high < 0 else neither
        said.append(words.format(signed(abs(found.value))) + f" ({_between(pair, words is neither, words is loss)})")
    if not said:
        return ""
    pictures = max(int((table["split"] == "test").to_numpy().sum()) for table in tables.values())
    return f"On {pictures:,} test pictures, {'; '.join(said)}."


def _between(pair: Paired, value: bool, turned: bool) -> str:
    """The 95 % interval, negated (``turned``) for a loss, which is given as a positive number; with ``value`` first."""
    if (pair.right_a == pair.right_b).all():
        return "the same pictures are right"
    ends = -pair.accuracy_difference if turned else pair.accuracy_difference
    told = f"{signed(ends.value)} points; " if value else ""
    return f"{told}95 % interval {signed(ends.low)} to {signed(ends.high)}"
