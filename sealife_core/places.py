"""Where data sets and runs live: below ``SEALIFE_HOME`` if it is set, else below the project's own folder."""

import os
from pathlib import Path


def home() -> Path:
    """The folder that holds ``data/`` and ``checkpoints/``."""
    chosen = os.environ.get("SEALIFE_HOME")
    return Path(chosen).expanduser().resolve() if chosen else Path(__file__).resolve().parent.parent


def data_root() -> Path:
    """One directory a data set."""
    return home() / "data"


def checkpoints_root() -> Path:
    """One directory a run."""
    return home() / "checkpoints"
