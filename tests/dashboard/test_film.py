"""The film's frames and its traces tell of the same images in the same order."""

import base64

import numpy as np
import pytest

from dashboard.components.embedding_colours import CLASS
from dashboard.components.embedding_points import Cloud, Look
from dashboard.components.film import film_figure, packed
from sealife_core.evaluation.projection import ProjectionSettings

pytestmark = pytest.mark.usefixtures("home")


def test_film__moves_each_picture_and_no_other(tiny_reef):
    rows = np.arange(12)
    frames = np.random.default_rng(0).normal(size=(3, 12, 2)).astype(np.float32)
    cloud = Cloud(rows, rows, frames[0], ("", ""))
    look = Look("run", "Film", 2, "h", ProjectionSettings(), CLASS)
    figure, order = film_figure(tiny_reef, cloud, frames, look, dark=False)
    drawn = np.concatenate([trace.customdata[:, 0] for trace in figure.data]).astype(int)
    assert drawn.tolist() == rows[order].tolist()
    assert sorted(order.tolist()) == rows.tolist()
    sent = np.frombuffer(base64.b64decode(packed(frames[:, order])), "<f4").reshape(3, 12, 2)
    for place, row in enumerate(drawn):
        assert sent[:, place].tolist() == frames[:, row].tolist()


def test_film__keeps_every_frame_within_its_fixed_axes(tiny_reef):
    frames = np.random.default_rng(1).normal(scale=9, size=(4, 5, 2)).astype(np.float32)
    cloud = Cloud(np.arange(5), np.arange(5), frames[0], ("", ""))
    figure, _ = film_figure(tiny_reef, cloud, frames, Look("r", "Film", 2, "h", ProjectionSettings(), CLASS), dark=True)
    for axis, values in ((figure.layout.xaxis, frames[..., 0]), (figure.layout.yaxis, frames[..., 1])):
        assert axis.range[0] < values.min()
        assert axis.range[1] > values.max()
