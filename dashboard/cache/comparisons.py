"""Two classifiers image by image, and advice on several; kept."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dashboard.cache.classifiers import predictions
from dashboard.cache.keeping import kept
from sealife_core.runs.run import PREDICTIONS, Run

if TYPE_CHECKING:
    from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow
    from sealife_core.evaluation.comparison.paired import Paired, Tested


@kept(256, PREDICTIONS)  # every two of the twenty runs that a person may tick
def paired(a: Run, b: Run, names: tuple[str, str]) -> "Paired":
    """Two runs image by image; their intervals are kept with it. Raises RunError."""
    from sealife_core.evaluation.comparison.paired import paired as laid_together

    return laid_together(_tested(a), _tested(b), name_a=names[0], name_b=names[1])


@kept(32, PREDICTIONS)
def advice(rows: "Sequence[ComparisonRow]", runs: Sequence[Run]) -> str:
    """What to do about the compared ``rows``; ``runs`` hold their predictions."""
    from sealife_core.evaluation.comparison.advice import advice as advised
    from sealife_core.evaluation.comparison.report import readable_predictions

    return advised(rows, readable_predictions(rows, runs))


@kept(32, PREDICTIONS)
def _tested(run: Run) -> "Tested":
    from sealife_core.evaluation.comparison.paired import tested

    return tested(predictions(run))
