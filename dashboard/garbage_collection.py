"""Keeps Streamlit's collection of garbage after every script and fragment short."""

import gc
import sys

_settled_modules = 0


def freeze_imported() -> None:
    """From now on exclude what imported modules hold from garbage collection; again whenever more were imported.

    Streamlit collects everything after each script, and serves nobody meanwhile. The half million objects of
    PyTorch, pandas and the like, which never become garbage, made that 0.4 s a click.
    """
    if _freeze not in gc.callbacks:
        gc.callbacks.append(_freeze)


def _freeze(phase: str, info: dict[str, int]) -> None:
    """Called by Python around each collection. Only after one: frozen garbage would never be freed."""
    global _settled_modules
    modules = len(sys.modules)
    if phase == "stop" and info["generation"] == 2 and modules != _settled_modules:
        gc.freeze()
        _settled_modules = modules
