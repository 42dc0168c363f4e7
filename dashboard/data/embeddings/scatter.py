"""Points and a colouring → a Plotly figure: what the page draws and what the interactive file holds."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import plotly.graph_objects as go
from plotly.basedatatypes import BaseTraceType

from dashboard.data.embeddings.points import Cloud, ImageFacts, Look
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.figures.palette import CLASS_COLOURS, UNLABELLED_COLOUR, class_colours
from sealife_core.wording import SPLIT_WORDS

# What the colour of a point can say.
CLASS, SPLIT, PREDICTED, RIGHT, CONFIDENCE, LOSS, CLUSTER = (
    "class", "split", "predicted class", "right or wrong", "confidence", "loss", "k-means cluster",
)  # fmt: skip
ALWAYS = (CLASS, SPLIT, CLUSTER)
PREDICTING = (PREDICTED, RIGHT, CONFIDENCE, LOSS)
_NO_PREDICTION = "no prediction"
_SPLIT_MARKS = (("#8393C4", "circle", 0.55), ("#DA950B", "diamond", 0.9), ("#AE0A6C", "square", 0.9))

INK = {False: "#14262E", True: "#E4EEF0"}
_QUIET = {False: "#DDE5E8", True: "#22343C"}
_SELECTED, _UNSELECTED = 0.95, 0.12


@dataclass(frozen=True)
class Group:
    """Points of one colour. ``members`` (m,) are their places."""

    name: str
    colour: str
    members: np.ndarray
    symbol: str = "circle"
    opacity: float = 0.8


@dataclass(frozen=True)
class Scale:
    """A number for every point, NaN where it is unknown; colours run from ``low`` to ``high``."""

    values: np.ndarray
    title: str
    low: float
    high: float
    format: str


@dataclass(frozen=True)
class Colouring:
    """Groups, drawn first to last; then a scale, if there is one."""

    groups: tuple[Group, ...]
    scale: Scale | None = None


@dataclass(frozen=True)
class ScatterPicture:
    """A figure as it travels: ``json``, and ``version``, which changes when and only when it does."""

    json: str
    version: str
    name: str


@dataclass(frozen=True, eq=False)
class Chart:
    """``look`` as it is drawn: the points that are shown, what is known of each, their colours, and the figure."""

    look: Look
    cloud: Cloud
    facts: ImageFacts
    colouring: Colouring
    picture: ScatterPicture


def chart_of(look: Look, dataset: Dataset, cloud: Cloud, facts: ImageFacts, dark: bool) -> Chart:
    """The chart of ``cloud`` as ``look`` colours it; ``facts`` are those of its points."""
    coloured = colouring(look.colour, facts, class_colours(dataset))
    zoom = f"{look.method} {look.dims} {look.of} {look.settings.key}"  # recolouring keeps the zoom
    figure = scatter_figure(cloud.points, facts.custom(), coloured, axes=cloud.axes, dark=dark, zoom_key=zoom)
    return Chart(look, cloud, facts, coloured, picture(figure, f"{look.run_id}-{look.method.lower()}-{look.dims}d"))


def picture(figure: go.Figure, name: str) -> ScatterPicture:
    """``figure`` ready for the browser; ``name`` is the file name of a saved one."""
    text = str(figure.to_json())
    return ScatterPicture(text, hashlib.sha256(text.encode()).hexdigest()[:16], name)


def colouring(by: str, facts: ImageFacts, colours: Mapping[str, str]) -> Colouring:
    """Colour the points of ``facts`` by one of ALWAYS or PREDICTING. Empty groups are left out."""
    scale = None
    if by == CLASS:
        groups = _named(facts.labels, colours, "unlabelled")
    elif by == PREDICTED:
        groups = _named(facts.predicted, colours, _NO_PREDICTION)
    elif by == SPLIT:
        marks = enumerate(zip(SPLIT_WORDS.values(), _SPLIT_MARKS, strict=True))
        groups = [
            Group(word, colour, np.flatnonzero(facts.splits == i), symbol, opacity)
            for i, (word, (colour, symbol, opacity)) in marks
        ]
    elif by == RIGHT:
        known, right = (facts.predicted >= 0) & (facts.labels >= 0), facts.predicted == facts.labels
        groups = [
            _grey(~known, _NO_PREDICTION),
            Group("right", "#00966C", np.flatnonzero(known & right)),
            Group("wrong", "#D75A07", np.flatnonzero(known & ~right), "x", 1.0),
        ]
    elif by == CLUSTER:
        groups = [
            Group(f"cluster {i + 1}", CLASS_COLOURS[-1 - i % len(CLASS_COLOURS)], np.flatnonzero(facts.clusters == i))
            for i in range(int(facts.clusters.max(initial=-1)) + 1)
        ]
    else:
        scale = _scale(by, facts)
        groups = [_grey(~np.isfinite(scale.values), _NO_PREDICTION)]
    return Colouring(tuple(group for group in groups if len(group.members)), scale)


def _named(index: np.ndarray, colours: Mapping[str, str], unknown: str) -> list[Group]:
    named = [Group(name, colour, np.flatnonzero(index == i)) for i, (name, colour) in enumerate(colours.items())]
    return [_grey(index < 0, unknown), *named]


def _grey(unknown: np.ndarray, name: str) -> Group:
    return Group(name, UNLABELLED_COLOUR, np.flatnonzero(unknown), opacity=0.3)


def _scale(by: str, facts: ImageFacts) -> Scale:
    if by == CONFIDENCE:
        return Scale(facts.confidence, by, 0.0, 1.0, ".0%")
    known = facts.loss[np.isfinite(facts.loss)]
    # One picture in fifty may be beyond the end of the scale: one huge loss would make all others look the same.
    top = float(np.percentile(known, 98)) if len(known) else 1.0
    return Scale(facts.loss, "loss (nats)", 0.0, max(top, 1e-3), ".1f")


def scatter_figure(
    points: np.ndarray, custom: np.ndarray, colouring: Colouring, *, axes: Sequence[str], dark: bool, zoom_key: str = ""
) -> go.Figure:
    """points: (n, 2 or 3); custom: (n, c), the row of each point first. A new ``zoom_key`` resets the zoom."""
    size = point_size_px(len(points))
    traces = []
    for group in colouring.groups:
        marker = {"color": group.colour, "symbol": group.symbol, "size": size, "opacity": group.opacity}
        traces.append(_trace(points[group.members], custom[group.members], marker, group.name))
    if colouring.scale is not None:
        scale = colouring.scale
        known = np.isfinite(scale.values)
        marker = {
            "color": scale.values[known], "colorscale": "Cividis", "cmin": scale.low, "cmax": scale.high, "size": size,
            "opacity": 0.85,
            "colorbar": {"title": {"text": scale.title, "side": "right"}, "thickness": 14, "outlinewidth": 0,
                         "tickformat": scale.format},
        }  # fmt: skip
        traces.append(_trace(points[known], custom[known], marker, scale.title, legend=False))
    return go.Figure(traces, _layout(axes, dark, zoom_key))


def plotly_text(text: str) -> str:
    """``text`` for where Plotly reads mark-up. It knows no entity of quotes, and would show that letter by letter."""
    return escape(text, quote=False)


def point_size_px(n: int) -> float:
    """Large where there are few, small where there are many; a finger and a projector must still find one."""
    return float(np.clip(44 / max(n, 1) ** 0.25, 4.0, 10.0))


def _trace(points: np.ndarray, custom: np.ndarray, marker: dict, name: str, legend: bool = True) -> BaseTraceType:
    shared = {
        "x": points[:, 0], "y": points[:, 1], "customdata": custom, "mode": "markers", "name": plotly_text(name),
        "meta": name, "marker": marker, "hoverinfo": "none", "showlegend": legend,
    }  # fmt: skip
    if points.shape[1] == 3:
        # Points are closer together in three dimensions, so they are drawn a little smaller.
        solid = marker | {"size": max(2.5, marker["size"] * 0.6)}
        return go.Scatter3d(shared | {"z": points[:, 2], "marker": solid})
    return go.Scattergl(
        shared,
        selected={"marker": {"opacity": _SELECTED, "size": marker["size"] + 2}},
        unselected={"marker": {"opacity": _UNSELECTED}},
    )


# Far enough for the corners of the box and the names of the axes.
_CAMERA = {"eye": {"x": 1.6, "y": 1.6, "z": 1.0}, "center": {"x": 0, "y": 0, "z": -0.15}}


def _layout(axes: Sequence[str], dark: bool, zoom_key: str) -> dict:
    ink, quiet = INK[dark], _QUIET[dark]
    axis = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": "", "linecolor": quiet,
            "mirror": True, "showline": True}  # fmt: skip
    flat = {
        "xaxis": axis | {"title": {"text": axes[0]}},
        "yaxis": axis | {"title": {"text": axes[1]}, "scaleanchor": "x"},
    }
    names = dict(zip(("xaxis", "yaxis", "zaxis"), axes, strict=False))
    solid = {
        "scene": {
            place: {"title": {"text": name.replace(" of the variance", "")}, "showticklabels": False,
                    "backgroundcolor": "rgba(0,0,0,0)", "gridcolor": quiet, "color": ink}
            for place, name in names.items()
        } | {"aspectmode": "data", "camera": _CAMERA}
    }  # fmt: skip
    return {
        "dragmode": "lasso" if len(axes) == 2 else "orbit",
        "uirevision": zoom_key,
        "selectionrevision": 0,
        "hovermode": "closest",
        "hoverdistance": 12,
        "margin": {"l": 28, "r": 8, "t": 34, "b": 28},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": ink, "size": 13},
        "legend": {"itemsizing": "constant", "font": {"size": 12}, "tracegroupgap": 0, "y": 1,
                   "bgcolor": "rgba(0,0,0,0)"},
        "showlegend": False,  # the component draws it below, with more room for the points
        "modebar": {"orientation": "h", "bgcolor": "rgba(0,0,0,0)", "color": "#8A979C", "activecolor": ink},
        "newselection": {"line": {"color": ink, "dash": "solid", "width": 1.5}},
        "template": "none",
    } | (flat if len(axes) == 2 else solid)  # fmt: skip
