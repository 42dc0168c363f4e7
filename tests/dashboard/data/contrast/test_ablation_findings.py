"""What was predicted, matched with what was measured, of what that was asked; the neighbours of stored epochs."""

import shutil
from dataclasses import replace

import numpy as np
from safetensors.torch import save_file

from dashboard.data.contrast.ablation_findings import Measures, _moved, asked_of, nearest_at, predictions, shared_epochs
from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.comparison.resampling import Interval
from sealife_core.evaluation.contrast.ablation_effects import FEATURES, IGNORED, PRETEXT, TEST, Measure
from sealife_core.evaluation.embeddings.stored_embeddings import Snapshots
from sealife_core.models.checkpoint import read_safetensors
from sealife_core.runs.directory import create_run
from sealife_core.runs.run import MODEL, Run
from tests.finished.runs import clustered, finished


def measures(*names: str) -> Measures:
    one = Interval(0.5, 0.4, 0.6)
    return Measures(tuple(Measure(name, one, one, one, 10) for name in names), (), (), "")


def test_predictions__belong_to_the_measure_that_was_asked_about() -> None:
    found = predictions("no-jitter", (1, -1), measures(PRETEXT, FEATURES, IGNORED))
    assert [(measure.name, answer) for measure, answer in found] == [(PRETEXT, 1), (FEATURES, -1)]
    unlabelled = predictions("no-jitter", (1, -1), measures(PRETEXT, IGNORED))
    assert [(measure.name, answer) for measure, answer in unlabelled] == [(PRETEXT, 1)]
    assert [answer for _, answer in predictions("one-background", (1, -1), measures(TEST))] == [-1]


def test_moved__is_said_of_an_encoder_that_did(pretrained: Run) -> None:
    values = {"weights": f"run:{pretrained.id}", "broken": "unfrozen-probe"}
    broken = create_run(preset("finetune", data=pretrained.config().data, **values))
    shutil.copy(pretrained.path / MODEL, broken.path / MODEL)
    assert _moved(broken) == "", "it did not move"
    tensors = read_safetensors(pretrained.path / MODEL)
    save_file({name: 1.5 * tensor for name, tensor in tensors.items()}, broken.path / MODEL)
    assert _moved(broken) == "The weights of its encoder moved by 50.0 % of their length; a frozen encoder's stay."


def test_nearest_at__asks_only_the_images_that_the_epoch_stored(tiny_reef: Dataset) -> None:
    val, train = tiny_reef.rows("val"), tiny_reef.rows("train")[::2]
    rows = np.concatenate([train, val])
    values = np.stack([np.zeros((len(rows), 16)), clustered(tiny_reef)[rows]]).astype(np.float32)
    stored = Snapshots(tuple(tiny_reef.manifest["id"].iloc[rows]), (0, 3), values)
    asked = [int(row) for row in val[:2]]
    assert shared_epochs([stored, Snapshots(stored.ids, (3, 5), values)], tiny_reef, asked) == [3]
    assert shared_epochs([stored], tiny_reef, [int(tiny_reef.rows("test")[0])]) == []
    nearest = nearest_at(stored, 3, tiny_reef, asked)
    assert [found.row for found in nearest] == asked
    for found in nearest:
        assert set(found.rows) <= set(train)
        assert tiny_reef.labels[found.rows[0]] == tiny_reef.labels[found.row]


def measure(name: str, n: int) -> Measure:
    half = Interval(0.5, 0.4, 0.6)
    return Measure(name, half, half, half, n)


def test_asked_of__is_the_batch_of_that_run_and_the_split_of_the_pictures(tiny_reef: Dataset) -> None:
    run, few = (finished(preset("simclr", data=tiny_reef.name, batch_size=size), "SimCLR") for size in (512, 8))
    train, val = len(tiny_reef.rows("train")), len(tiny_reef.rows("val", labelled_only=True))
    assert asked_of(measure(PRETEXT, 30), few, tiny_reef) == "right one among 15 views, 30 steps at the end"
    broken = finished(preset("simclr", data=tiny_reef.name, batch_size=8, broken="batch-8"), "SimCLR")
    lengths = finished(preset("simclr", data=tiny_reef.name, batch_size=8, broken="no-normalisation"), "SimCLR")
    assert asked_of(measure(PRETEXT, 30), lengths, tiny_reef).startswith("right one among 15 views, by dot product, 30")
    of_each = replace(measure(PRETEXT, 30), n_broken=34)
    steps = [asked_of(of_each, one, tiny_reef).split(", ")[1] for one in (few, broken)]
    assert steps == ["30 steps at the end", "34 steps at the end"], "of each run its own"
    assert f"among {2 * train - 1} views" in asked_of(measure(PRETEXT, 30), run, tiny_reef), "no more than there are"
    assert asked_of(measure(FEATURES, val), run, tiny_reef) == f"{val} validation pictures"
    assert asked_of(measure(FEATURES, val + 1), run, tiny_reef) == f"{val + 1} validation and test pictures"
    assert asked_of(measure("test accuracy", 40), run, tiny_reef) == "40 pictures"
