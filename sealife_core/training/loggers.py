"""Lightning's metrics, written where the dashboard reads them and told to whoever else records the run."""

from typing import Any

from pytorch_lightning.loggers.logger import Logger

from sealife_core.runs.writer import RunWriter
from sealife_core.training.tracking.base import Tracking


class MetricsFile(Logger):
    """Appends every record to ``metrics.jsonl``: steps counted from 1, epochs as a fraction of ``steps_per_epoch``."""

    def __init__(self, run: RunWriter, *, steps_per_epoch: int, tracking: Tracking | None = None) -> None:
        super().__init__()
        self._run, self._tracking = run, tracking
        self._steps_per_epoch = steps_per_epoch

    @property
    def name(self) -> str:
        """Unused: the run directory has its own name."""
        return "metrics"

    @property
    def version(self) -> str:
        """Unused: a run directory is one version."""
        return ""

    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to do: ``config.json`` holds them."""

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Write one line; Lightning's own ``epoch`` gives way to the fraction of epochs done."""
        done = (step or 0) + 1
        values = {key: value for key, value in metrics.items() if key != "epoch"}
        if values:
            epoch = done / self._steps_per_epoch
            self._run.metric(done, epoch, **values)
            if self._tracking is not None:
                self._tracking.metrics(done, epoch, values)
