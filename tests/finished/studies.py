"""Finished studies that nobody trained."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from sealife_core.config import AnyConfig, ClassifierConfig, Part, StudyConfig
from sealife_core.config.runs import source_run
from sealife_core.durable import replace_file
from sealife_core.evaluation.classification.predictions import write_predictions
from sealife_core.runs.directory import create_run
from sealife_core.runs.files import replace_json
from sealife_core.runs.liveness import State
from sealife_core.runs.run import PREDICTIONS, STUDY, Run
from sealife_core.runs.scheduling.queue import write_status
from sealife_core.runs.writer import RunWriter
from sealife_core.studies.reuse import with_weights
from tests.finished.runs import predictions_of

Score = Callable[[Part], float | None]


def finished_study(study: StudyConfig, score: Score, state: State = State.FINISHED) -> Run:
    """The study with a finished run for every part; ``score`` gives its test accuracy, None: the part failed."""
    run = create_run(study, name=study.title)
    held: dict[str, str] = {}
    left_out: dict[str, str] = {}
    for part in study.parts:
        accuracy = score(part)
        config = part.config
        source = source_run(config.weights)
        if source in held:
            config = with_weights(config, held[source])
        made = create_run(config, name=part.key, study=run.id)
        held[part.key] = made.id
        if accuracy is None:
            left_out[part.key] = "The loss became nan."
            write_status(made, state=State.FAILED)
        else:
            _write(made, config, accuracy)
    replace_json(run.path / STUDY, {"runs": held, "reused": [], "left_out": left_out})
    write_status(run, state=state)
    return run


def _write(run: Run, config: AnyConfig, accuracy: float) -> None:
    writer = RunWriter(run)
    writer.metric(1, 1.0, **{"train/contrastive_accuracy": 0.5})
    if isinstance(config, ClassifierConfig):
        rarest = {"label": "ray", "n": 10, "precision": 0.5, "recall": 0.5, "f1": accuracy / 2}
        test: dict[str, Any] = {
            "n": 100, "accuracy": accuracy, "accuracy_low": accuracy - 0.1, "accuracy_high": accuracy + 0.1,
            "macro_f1": accuracy, "chance": 0.1, "per_class": [rarest],
        }  # fmt: skip
        used = 10 * config.labels_per_class or round(8 * config.label_fraction)
        writer.environment(labels_used=used, rarest_class="ray")
        replace_file(run.path / PREDICTIONS, _predictions(accuracy))
        writer.results(test=test, test_hash="t", train_s=12.0)
    else:
        # A continued run keeps its start, which is asked for only where all answers are the same.
        kept = {"kept_epoch": 0} if config.weights == "imagenet" else {}
        writer.results(val={"knn_accuracy": 0.3, "n": 100, "chance": 0.1}, train_s=120.0, **kept)
    write_status(run, state=State.FINISHED)


@cache
def _predictions(accuracy: float) -> bytes:
    """The file in which of 100 test images that many are right, the same ones in every run: the first."""
    ids, truth = [f"image {number:03}" for number in range(100)], np.ones(100, np.int64)
    table = predictions_of(ids, truth, (np.arange(100) < round(100 * accuracy)).astype(int), ("crab", "ray"))
    with TemporaryDirectory() as folder:
        write_predictions(table, Path(folder))
        return (Path(folder) / PREDICTIONS).read_bytes()
