"""The worker with a training that trains nothing: ``python study_worker.py RUN_DIR``. Studies are really coordinated.

A run of seed 7 fails. Others take SEALIFE_TEST_RUN_S seconds, obey a stop meanwhile (SEALIFE_TEST_STOPS_AFTER_S later),
and score their label fraction.
"""

import os
import sys
import time
from pathlib import Path

from sealife_core.config import AnyConfig, ClassifierConfig
from sealife_core.errors import TrainingError
from sealife_core.runs.run import BEST, LAST, MODEL
from sealife_core.runs.writer import RunWriter
from sealife_core.worker import main


def train(config: AnyConfig, run: RunWriter) -> bool:
    if config.seed == 7:
        raise TrainingError("The loss became nan.")
    for name in (LAST, BEST):
        (run.path / name).write_bytes(b"")
    until = time.monotonic() + float(os.environ.get("SEALIFE_TEST_RUN_S", "0"))
    while time.monotonic() < until:
        if run.stop_requested():
            time.sleep(float(os.environ.get("SEALIFE_TEST_STOPS_AFTER_S", "0")))
            return False
        time.sleep(0.02)
    run.metric(1, 1.0, **{"train/contrastive_accuracy": 0.5})
    if isinstance(config, ClassifierConfig):
        accuracy = config.label_fraction / 100
        classes = [{"label": "crab", "f1": 0.25}, {"label": "ray", "f1": 0.75}]
        test = {"n": 40, "accuracy": accuracy, "accuracy_low": 0.0, "accuracy_high": 1.0, "macro_f1": accuracy}
        run.environment(labels_used=int(config.label_fraction), rarest_class="ray")
        run.results(test=test | {"chance": 0.1, "per_class": classes}, test_hash="t", train_s=1.5)
    else:
        run.results(val={"knn_accuracy": 0.4, "n": 20, "chance": 0.1})
    (run.path / MODEL).write_bytes(b"")
    return True


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), lambda: train))
