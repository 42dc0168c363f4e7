"""A spare that imports nothing: ``python fake_spare.py``. Its run is carried out by the fake worker."""

import sys

import fake_worker

from sealife_core.runs.scheduling.prewarmed_worker import await_order

if __name__ == "__main__":
    print("ready", flush=True)
    folder = await_order()
    sys.exit(fake_worker.main(folder) if folder else 0)
