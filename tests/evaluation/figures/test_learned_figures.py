"""Figures of what was learned: where the points lie, whose colour they have, and what is refused."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from sealife_core.errors import DatasetError
from sealife_core.evaluation.figures.learned_figures import projection_figure
from sealife_core.evaluation.figures.palette import UNLABELLED_COLOUR, class_colour


def test_projection_figure__draws_every_picture_in_the_colour_of_its_class():
    points = np.arange(10.0).reshape(5, 2)
    axes = projection_figure(
        points, np.array([1, -1, 0, 1, 1]), {"crab": class_colour(0), "$eel_": class_colour(1)}
    ).axes[0]
    drawn = {str(of.get_label()): of for of in axes.collections}
    assert {name: len(np.asarray(of.get_offsets())) for name, of in drawn.items()} == {
        "unlabelled": 1,
        "crab": 1,
        "$eel_": 3,
    }
    assert np.asarray(drawn["$eel_"].get_offsets()).tolist() == points[[0, 3, 4]].tolist()
    colours = {
        name: to_hex(tuple(np.asarray(of.get_facecolor())[0, :3].tolist())).upper() for name, of in drawn.items()
    }
    assert colours == {"unlabelled": UNLABELLED_COLOUR, "crab": class_colour(0), "$eel_": class_colour(1)}


@pytest.mark.parametrize(("points", "labels"), [((4, 3), 4), ((4, 2), 5), ((8,), 8)])
def test_projection_figure__refuses_other_shapes(points: tuple[int, ...], labels: int):
    with pytest.raises(DatasetError, match=r"needs \(n, 2\)"):
        projection_figure(np.zeros(points), np.zeros(labels, int), {"a": class_colour(0)})
