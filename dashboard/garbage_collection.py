"""Keeps Streamlit's collection of garbage after every script short."""

import gc
import sys
import threading

_lock = threading.Lock()
_settled_modules = 0


def freeze_imported() -> None:
    """Exclude what the imported modules hold from garbage collection; again whenever more modules were imported.

    Streamlit collects everything after each script, and serves nobody meanwhile. The half million objects of
    PyTorch, pandas and the like, which never become garbage, made that 0.4 s a click.
    """
    global _settled_modules
    modules = len(sys.modules)
    if modules != _settled_modules and _lock.acquire(blocking=False):
        try:
            gc.collect()  # frozen garbage would never be freed
            gc.freeze()
            _settled_modules = modules
        finally:
            _lock.release()
