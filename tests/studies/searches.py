"""What tests ask of a search."""

from sealife_core.config import Axis, SearchConfig, build_search, preset
from sealife_core.runs.run import Run
from sealife_core.studies.search_results import trials_of

RATE = Axis(path="learning_rate", low=1e-5, high=1e-1, log=True)
SIZES = Axis(path="batch_size", choices=(32, 64))


def asked(*axes: Axis, trials: int = 6, pruning: bool = True, parallel: int = 0, **settings: object) -> SearchConfig:
    """A search of short runs from scratch, over learning rate and batch size unless told."""
    base = preset("scratch", **({"epochs": 6, "device": "cpu"} | settings))
    return build_search(base, axes or (RATE, SIZES), trials=trials, pruning=pruning, parallel=parallel)  # type: ignore[arg-type]


def told(search: Run) -> list[tuple[str, str, float | None]]:
    """What came of a search, trial by trial."""
    return [(trial.name, trial.state, trial.value) for trial in trials_of(search)]
