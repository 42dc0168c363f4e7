"""What can be said of a run whose files may be damaged."""

from sealife_core.config import AnyConfig, source_run
from sealife_core.errors import SealifeError
from sealife_core.runs.directory import open_run


def source_config(weights: str) -> AnyConfig | None:
    """The config of the run that ``weights`` come from; None where they come from no run that can be read."""
    try:
        return open_run(source_run(weights) or "").config_or_none()
    except SealifeError:  # gone, or damaged: launching will say so
        return None
