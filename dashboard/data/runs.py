"""What can be said of a run whose files may be damaged."""

from sealife_core.config import AnyConfig
from sealife_core.errors import SealifeError
from sealife_core.runs.run import Run


def config_of(run: Run) -> AnyConfig | None:
    """The config of a run, None where it cannot be read."""
    try:
        return run.config()
    except SealifeError:
        return None
