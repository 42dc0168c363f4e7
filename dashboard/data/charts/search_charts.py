"""The charts of a search as ECharts options: trial by trial, all settings side by side, what mattered."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.data.charts.echarts import axis, chart_frame, in_percent, percent_axis, row_axis
from dashboard.data.trials import measure_title, scored
from sealife_core.config import Axis, SearchConfig, Setting
from sealife_core.evaluation.comparison.differences import setting_words
from sealife_core.evaluation.figures.palette import CLASS_COLOURS
from sealife_core.studies.search_results import Trial, best_trial

# Pruned trials differ in shape as well as colour: a circle is a result, a triangle a run that was cut off.
FINISHED, PRUNED = CLASS_COLOURS[0], CLASS_COLOURS[1]
# Poor to good, in one hue: on a light page ever darker, on a dark one ever brighter.
SCALES = {False: ("#A9C6DB", "#0B4A7A"), True: ("#2C4D63", "#A8DCF8")}


def history_option(trials: Sequence[Trial], ink: str) -> dict[str, Any]:
    """Score of every trial in their order, and a line along the best so far."""
    shown_trials = scored(trials)
    groups = (
        ("finished", "finished", "circle", FINISHED, 11),
        ("pruned", "stopped early", "triangle", PRUNED, 12),
    )
    series: list[dict[str, Any]] = [
        {
            "type": "scatter", "name": name, "symbol": symbol, "symbolSize": wide, "color": colour, "z": 3,
            "itemStyle": {"opacity": 0.9},
            "data": [
                {"value": [trial.number, _percent(trial)], "name": told(trial)}
                for trial in shown_trials if trial.state == state
            ],
        }
        for state, name, symbol, colour, wide in groups
    ]  # fmt: skip
    series.append({
        "type": "line", "name": "best so far", "step": "end", "symbol": "none", "data": _best_so_far(trials),
        "color": ink, "lineStyle": {"width": 1.5, "color": ink}, "silent": True, "tooltip": {"show": False},
    })  # fmt: skip
    return {
        **chart_frame(8, 16, 40, 28, formatter="{b}"),
        "legend": {"top": 0, "left": 0, "itemWidth": 14, "data": [
            *({"name": name, "icon": symbol} for _, name, symbol, _, _ in groups), {"name": "best so far"},
        ]},
        "xAxis": axis(
            "value", "trial", minInterval=1, min=0, max=max((trial.number for trial in trials), default=0) + 1,
            splitLine={"show": False}, axisLabel={"showMinLabel": False, "showMaxLabel": False},
        ),
        "yAxis": percent_axis(scale=True),
        "series": series,
    }  # fmt: skip


def parallel_option(
    search: SearchConfig, trials: Sequence[Trial], settings: Mapping[str, Setting], ink: str, paper: str, *, dark: bool
) -> dict[str, Any]:
    """One line a trial, through the value of every setting to its score; the best on top, pruned ones dashed.

    ink: colour of axes and letters; paper: of what is behind them, so that letters stand out from the lines.
    """
    best = best_trial(trials)
    found = sorted(scored(trials), key=lambda trial: (trial is best, trial.state == "finished", trial.value))
    values = [trial.value or 0.0 for trial in found] or [0.0]

    def put(value: Any, varied: Axis) -> Any:
        return setting_words(value, settings[varied.path]) if varied.choices else value

    axes: list[dict[str, Any]] = []
    for place, varied in enumerate(search.axes):
        about: dict[str, Any] = {"dim": place, "name": settings[varied.path].title}
        if varied.choices:
            about |= {"type": "category", "data": [put(choice, varied) for choice in varied.choices]}
        else:
            about |= {"type": "log" if varied.log else "value", "min": varied.low, "max": varied.high}
        axes.append(about)
    axes.append(percent_axis(scale=True) | {"dim": len(axes), "name": measure_title(search)})
    lines = []
    for trial in found:
        along = [put(trial.values[varied.path], varied) for varied in search.axes]
        style = _line_style(trial, values, trial is best, SCALES[dark])
        lines.append({"value": [*along, _percent(trial)], "name": told(trial), "lineStyle": style})
    return {
        "animation": False,
        "parallel": {"left": 56, "right": 72, "top": 44, "bottom": 24,
                     "parallelAxisDefault": {"nameGap": 16, "nameTextStyle": {"color": ink, "fontSize": 13},
                                             "axisLine": {"lineStyle": {"color": ink}},
                                             "axisLabel": {"color": ink, "hideOverlap": True, "textBorderWidth": 3,
                                                           "textBorderColor": paper}}},
        "parallelAxis": axes,
        "tooltip": {"trigger": "item", "confine": True, "formatter": "{b}"},
        "series": [
            {
                "type": "parallel", "smooth": False, "inactiveOpacity": 0.04, "activeOpacity": 1,
                "emphasis": {"lineStyle": {"width": 4}}, "data": lines,
            }
        ],
    }  # fmt: skip


def importance_option(weights: Mapping[str, float], settings: Mapping[str, Setting], ink: str) -> dict[str, Any]:
    """A bar a setting, the longest on top."""
    return {
        **chart_frame(4, 56, 4, 4, show=False),
        "xAxis": percent_axis(min=0, max=100),
        "yAxis": row_axis([settings[path].title for path in weights], width=170, overflow="break"),
        "series": [
            {
                "type": "bar", "barWidth": "60%", "color": FINISHED,
                "data": [round(100 * share, 1) for share in weights.values()],
                "label": {"show": True, "position": "right", "formatter": "{c} %", "color": ink},
            }
        ],
    }  # fmt: skip


def told(trial: Trial) -> str:
    """A trial in one line, as a tooltip shows it: its settings, its score, how far it came."""
    how = f", stopped after epoch {trial.epochs}" if trial.state == "pruned" else ""
    return f"{trial.name}: {_percent(trial):.1f} %{how}"


def _line_style(trial: Trial, values: Sequence[float], best: bool, scale: tuple[str, str]) -> dict[str, Any]:
    share = ((trial.value or 0.0) - min(values)) / ((max(values) - min(values)) or 1.0)
    pruned = trial.state == "pruned"
    return {
        "width": 4 if best else 1.25 if pruned else 2,
        "type": "dashed" if pruned else "solid",
        "opacity": 1 if best else 0.5 if pruned else 0.85,
        "color": "#D3484C" if best else PRUNED if pruned else _between(share, scale),
    }


def _between(share: float, scale: tuple[str, str]) -> str:
    """The colour at ``share`` of the way from poor to good."""
    ends = [[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in scale]
    return "#" + "".join(f"{round(low + share * (high - low)):02X}" for low, high in zip(*ends, strict=True))


def _best_so_far(trials: Sequence[Trial]) -> list[list[float]]:
    """[trial, best score of those that came to their end until then], ending at the last trial."""
    points: list[list[float]] = []
    for trial in trials:
        if trial.state == "finished" and trial.value is not None and (not points or _percent(trial) > points[-1][1]):
            points.append([trial.number, _percent(trial)])
    return [*points, [trials[-1].number, points[-1][1]]] if points else []


def _percent(trial: Trial) -> float:
    return in_percent(trial.value or 0.0)
