"""What can be said of a run whose files may be damaged."""

from sealife_core.config import AnyConfig, source_run
from sealife_core.errors import SealifeError
from sealife_core.runs.directory import open_run
from sealife_core.runs.run import Run


def config_of(run: Run) -> AnyConfig | None:
    """The config of a run, None where it cannot be read."""
    try:
        return run.config()
    except SealifeError:
        return None


def source_config(weights: str) -> AnyConfig | None:
    """The config of the run that ``weights`` come from; None where they come from no run that can be read."""
    try:
        return config_of(open_run(source_run(weights) or ""))
    except SealifeError:  # gone, or damaged: launching will say so
        return None
