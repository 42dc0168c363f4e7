"""Two classifiers image by image, and advice on several; kept."""

from collections.abc import Sequence

from dashboard.cache.classifiers import predictions
from dashboard.cache.keeping import kept
from sealife_core.evaluation.comparison import advice as of_rows
from sealife_core.evaluation.comparison import paired as of_two
from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow
from sealife_core.evaluation.comparison.paired import Paired, Tested
from sealife_core.evaluation.comparison.report import readable_predictions
from sealife_core.runs.run import PREDICTIONS, Run


@kept(256, PREDICTIONS)  # every two of the twenty runs that a person may tick
def paired(a: Run, b: Run, names: tuple[str, str]) -> Paired:
    """Two runs image by image; their intervals are kept with it. Raises RunError."""
    return of_two.paired(_tested(a), _tested(b), name_a=names[0], name_b=names[1])


@kept(32, PREDICTIONS)
def advice(rows: Sequence[ComparisonRow], runs: Sequence[Run]) -> str:
    """What to do about the compared ``rows``; ``runs`` hold their predictions."""
    return of_rows.advice(rows, readable_predictions(rows, runs))


@kept(32, PREDICTIONS)
def _tested(run: Run) -> Tested:
    return of_two.tested(predictions(run))
