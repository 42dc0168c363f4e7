"""What evaluation takes from an encoder and its head, and how it leaves them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from sealife_core.config import preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.embeddings.feature_quality import effective_rank
from sealife_core.evaluation.embeddings.stored_embeddings import read_embeddings
from sealife_core.runs.directory import create_run
from sealife_core.runs.writer import RunWriter
from sealife_core.training import representation_monitor
from sealife_core.training.feature_extraction import keep_embeddings
from sealife_core.training.representation_monitor import worth
from tests.training.conftest import SMALL


class Stays(nn.Linear):
    """A layer that must not be moved: what is looked at next goes through it on a GPU."""

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> nn.Module:
        raise AssertionError("the head was moved")


def test_keep_embeddings__leaves_the_head_where_and_as_it_is(tiny_reef: Dataset) -> None:
    run = RunWriter(create_run(preset("simclr", "Quick look", **SMALL), data_hash=tiny_reef.content_hash))
    h, head = np.ones((len(tiny_reef), 4), np.float32), nn.Sequential(Stays(4, 3), nn.Dropout(0.5)).train()
    keep_embeddings(run, tiny_reef, h, head)
    assert head.training
    with torch.no_grad():
        np.testing.assert_allclose(read_embeddings(run.path, "z").values, head.eval()(torch.from_numpy(h)))


def test_representation__is_measured_on_pictures_of_every_class(
    tiny_reef: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a class stand together in a manifest, and more than LOOKED_AT are not all looked at."""
    monkeypatch.setattr(representation_monitor, "LOOKED_AT", 16)
    h = np.eye(len(tiny_reef.classes), dtype=np.float32)[tiny_reef.labels]
    order = np.argsort(tiny_reef.labels, kind="stable")
    together = replace(tiny_reef, manifest=tiny_reef.manifest.iloc[order].reset_index(drop=True))
    whole = effective_rank(h[tiny_reef.rows("train")])
    assert worth(h[order], together)["effective_rank"] > 0.6 * whole
