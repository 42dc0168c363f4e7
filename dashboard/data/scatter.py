"""Points and a colouring → a Plotly figure: what the page draws and what the interactive file holds."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import plotly.graph_objects as go

from dashboard.app_pages.embeddings.colours import Colouring

INK = {False: "#14262E", True: "#E4EEF0"}
_QUIET = {False: "#DDE5E8", True: "#22343C"}
_SELECTED, _UNSELECTED = 0.95, 0.12


@dataclass(frozen=True)
class ScatterPicture:
    """A figure as it travels: ``json``, and ``version``, which changes when and only when it does."""

    json: str
    version: str
    name: str


def picture(figure: go.Figure, name: str) -> ScatterPicture:
    """``figure`` ready for the browser; ``name`` is the file name of a saved one."""
    text = str(figure.to_json())
    return ScatterPicture(text, hashlib.sha256(text.encode()).hexdigest()[:16], name)


def scatter_figure(
    points: np.ndarray,
    custom: np.ndarray,
    colouring: Colouring,
    *,
    axes: Sequence[str],
    dark: bool,
    zoom_key: str = "",
) -> go.Figure:
    """points: (n, 2 or 3); custom: (n, c), the row of each point first. A new ``zoom_key`` resets the zoom."""
    figure = go.Figure()
    size = point_size_px(len(points))
    for group in colouring.groups:
        marker = {"color": group.colour, "symbol": group.symbol, "size": size, "opacity": group.opacity}
        _add(figure, points, custom, group.members, marker, group.name)
    if colouring.scale is not None:
        scale = colouring.scale
        known = np.flatnonzero(np.isfinite(scale.values))
        marker = {
            "color": scale.values[known], "colorscale": "Cividis", "cmin": scale.low, "cmax": scale.high, "size": size,
            "opacity": 0.85, "reversescale": scale.reverse,
            "colorbar": {"title": {"text": scale.title, "side": "right"}, "thickness": 14, "outlinewidth": 0,
                         "tickformat": scale.format},
        }  # fmt: skip
        _add(figure, points, custom, known, marker, scale.title, legend=False)
    figure.update_layout(_layout(axes, dark, zoom_key))
    return figure


def point_size_px(n: int) -> float:
    """Large where there are few, small where there are many; a finger and a projector must still find one."""
    return float(np.clip(44 / max(n, 1) ** 0.25, 4.0, 10.0))


def _add(
    figure: go.Figure,
    points: np.ndarray,
    custom: np.ndarray,
    members: np.ndarray,
    marker: dict,
    name: str,
    legend: bool = True,
) -> None:
    shared = {
        "x": points[members, 0], "y": points[members, 1], "customdata": custom[members], "mode": "markers",
        "name": escape(name), "meta": name, "marker": marker, "hoverinfo": "none", "showlegend": legend,
    }  # fmt: skip
    if points.shape[1] == 3:
        # Three dimensions stand closer together: the same points, a little smaller.
        solid = marker | {
            "size": max(2.5, marker["size"] * 0.6),
            "symbol": _IN_SPACE.get(marker.get("symbol", "circle"), "circle"),
        }
        figure.add_trace(go.Scatter3d(**(shared | {"z": points[members, 2], "marker": solid})))
        return
    figure.add_trace(
        go.Scattergl(
            **shared,
            selected={"marker": {"opacity": _SELECTED, "size": marker["size"] + 2}},
            unselected={"marker": {"opacity": _UNSELECTED}},
        )
    )


# Far enough for the corners of the box and the names of the axes.
_CAMERA = {"eye": {"x": 1.6, "y": 1.6, "z": 1.0}, "center": {"x": 0, "y": 0, "z": -0.15}}
_IN_SPACE = {"x": "x", "diamond": "diamond", "square": "square"}


def _layout(axes: Sequence[str], dark: bool, zoom_key: str) -> dict:
    ink, quiet = INK[dark], _QUIET[dark]
    axis = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": ""}
    flat = {
        "xaxis": axis | {"title": {"text": axes[0]}, "linecolor": quiet, "mirror": True, "showline": True},
        "yaxis": axis
        | {"title": {"text": axes[1]}, "linecolor": quiet, "mirror": True, "showline": True, "scaleanchor": "x"},
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
        "legend": {
            "itemsizing": "constant",
            "font": {"size": 12},
            "tracegroupgap": 0,
            "y": 1,
            "bgcolor": "rgba(0,0,0,0)",
        },
        "showlegend": False,  # it stands below, where it takes no room from the points and can be clicked on a phone
        "modebar": {"orientation": "h", "bgcolor": "rgba(0,0,0,0)", "color": "#8A979C", "activecolor": ink},
        "newselection": {"line": {"color": ink, "dash": "solid", "width": 1.5}},
        "template": "none",
    } | (flat if len(axes) == 2 else solid)
