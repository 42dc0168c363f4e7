"""The figure of points: every point once, its row with it, nothing of a user's names taken for mark-up."""

import json

import numpy as np

from dashboard.data.embeddings.scatter import (
    Colouring,
    Group,
    Scale,
    picture,
    plotly_text,
    point_size_px,
    scatter_figure,
)

POINTS = np.array([[0, 0], [1, 2], [3, 4]], np.float32)
CUSTOM = np.array([[7, 0], [8, 1], [9, 1]], np.float32)
GROUPS = Colouring((Group("<b>eel</b>", "#111111", np.array([0])), Group("crab", "#222222", np.array([1, 2]))))


def test_figure__holds_every_point_with_its_row():
    figure = scatter_figure(POINTS, CUSTOM, GROUPS, axes=("a", "b"), dark=False)
    assert [trace.type for trace in figure.data] == ["scattergl", "scattergl"]
    assert figure.data[1].x.tolist() == [1, 3]
    assert figure.data[1].customdata[:, 0].tolist() == [8, 9]


def test_figure__escapes_the_names_of_classes():
    figure = scatter_figure(POINTS, CUSTOM, GROUPS, axes=("a", "b"), dark=False)
    assert figure.data[0].name == "&lt;b&gt;eel&lt;/b&gt;"


def test_plotly_text__leaves_quotes_which_plotly_has_no_entity_for():
    assert plotly_text('a "crab\'s" & <b>') == 'a "crab\'s" &amp; &lt;b&gt;'


def test_figure__of_three_dimensions_stands_in_space():
    points = np.column_stack([POINTS, [5, 6, 7]]).astype(np.float32)
    figure = scatter_figure(points, CUSTOM, GROUPS, axes=("a", "b", "c"), dark=True)
    assert {trace.type for trace in figure.data} == {"scatter3d"}
    assert figure.data[1].z.tolist() == [6, 7]


def test_figure__of_a_scale_draws_unknown_points_grey_and_once():
    values = np.array([0.2, np.nan, 0.9])
    grey = Group("no prediction", "#888888", np.array([1]))
    scale = Scale(values, "confidence", 0.0, 1.0, ".0%")
    figure = scatter_figure(POINTS, CUSTOM, Colouring((grey,), scale), axes=("a", "b"), dark=False)
    assert [trace.customdata[:, 0].tolist() for trace in figure.data] == [[8], [7, 9]]
    assert figure.data[1].marker.color.tolist() == [0.2, 0.9]


def test_figure__keeps_its_zoom_while_the_projection_is_the_same():
    zooms = [scatter_figure(POINTS, CUSTOM, GROUPS, axes=("", ""), dark=False, zoom_key=key) for key in ("a", "a", "b")]
    assert [figure.layout.uirevision for figure in zooms] == ["a", "a", "b"]


def test_picture__has_another_version_when_and_only_when_it_differs():
    light = picture(scatter_figure(POINTS, CUSTOM, GROUPS, axes=("", ""), dark=False), "one")
    again = picture(scatter_figure(POINTS, CUSTOM, GROUPS, axes=("", ""), dark=False), "one")
    dark = picture(scatter_figure(POINTS, CUSTOM, GROUPS, axes=("", ""), dark=True), "one")
    assert light.version == again.version != dark.version
    assert json.loads(light.json)["data"][0]["x"]["dtype"] == "f4", "packed, not written out in digits"


def test_point_size__shrinks_with_their_number_but_can_be_hit():
    sizes = [point_size_px(n) for n in (1, 100, 3_000, 20_000, 10**6)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 10.0
    assert sizes[-1] == 4.0
