"""The worker with a training that trains nothing: ``python search_worker.py RUN_DIR``. Searches are really coordinated.

A run scores the better the nearer its learning rate is to 0.001, a little more every epoch, and the same again if it is
asked the same. One with a dropout above 0.8 fails. An epoch takes SEALIFE_TEST_EPOCH_S seconds; a stop is obeyed.
"""

import math
import os
import sys
import time
from pathlib import Path

from sealife_core.config import AnyConfig, ClassifierConfig, EmbedConfig
from sealife_core.errors import TrainingError
from sealife_core.runs.run import MODEL
from sealife_core.runs.writer import RunWriter
from sealife_core.worker import main


def quality(config: AnyConfig) -> float:
    """0 to 1: how good the settings are."""
    rate = getattr(config, "learning_rate", None) or 0.001
    return max(0.0, 1 - abs(math.log10(rate) + 3) / 3)


def train(config: AnyConfig, run: RunWriter) -> bool:
    assert not isinstance(config, EmbedConfig)
    if isinstance(config, ClassifierConfig) and config.dropout > 0.8:
        raise TrainingError("The loss became nan.")
    name = "macro_f1" if isinstance(config, ClassifierConfig) else "knn_accuracy"
    found = 0.0
    for epoch in range(1, config.epochs + 1):
        until = time.monotonic() + float(os.environ.get("SEALIFE_TEST_EPOCH_S", "0"))
        while time.monotonic() < until:
            if run.stop_requested():
                return False
            time.sleep(0.01)
        found = quality(config) * (1 - math.exp(-epoch / 2))
        run.status(stage="training", epoch=epoch, epochs=config.epochs, step=epoch, steps=config.epochs)
        run.metric(epoch, float(epoch), **{f"val/{name}": found, "train/loss": 1 - found})
    run.results(val={name: found, "n": 40, "chance": 0.1}, test={"n": 40, "accuracy": found}, train_s=1.0)
    (run.path / MODEL).write_bytes(b"")
    return True


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), lambda: train))
