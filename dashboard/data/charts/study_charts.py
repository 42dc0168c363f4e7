"""The chart of each study, as ECharts options. A dot is the mean over seeds; what is faint around it is their range."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.data.charts.echarts import (
    accuracy_line,
    axis,
    band,
    chart_frame,
    continued,
    in_percent,
    interval_line,
    ladder_option,
    mark_line,
    percent_axis,
)
from sealife_core.evaluation.comparison.learning_curve import AccuracyForecast
from sealife_core.evaluation.figures.palette import CLASS_COLOURS
from sealife_core.studies.labels_answer import curves
from sealife_core.studies.paper_results import PAPER, PAPER_SAYS
from sealife_core.studies.questions import ALL, ONLY, WITHOUT
from sealife_core.studies.study_results import CellResult, PartResult, over_seeds
from sealife_core.studies.study_settings import PROBE
from sealife_core.wording import percent, short_number


def labels_option(
    cells: Sequence[CellResult],
    classes: int,
    chance: float | None,
    ink: str,
    forecasts: Mapping[tuple[str, str], Sequence[AccuracyForecast]] | None = None,
) -> dict[str, Any]:
    """Accuracy against labels a class on a logarithmic axis: a line an encoder and use, its range over seeds faint.

    classes: how many the data set has. A probe's line is dashed, and its dots are rings. forecasts: how lines go on,
    dotted, with their 80 % intervals.
    """
    by_way = curves(cells)
    encoders = list(dict.fromkeys(encoder for encoder, _ in by_way))
    series: list[dict[str, Any]] = []
    for (encoder, use), held in by_way.items():
        colour, name = CLASS_COLOURS[encoders.index(encoder)], f"{encoder}, {use}"
        xs = [round((cell.labels or 0) / max(1, classes), 3) for cell in held]
        series += _band(name, xs, held, colour)
        series.append(
            accuracy_line(name, xs, [cell.mean for cell in held], colour)
            | {"lineStyle": {"width": 2.5, "type": "dashed" if use == PROBE else "solid"},
               "symbol": "emptyCircle" if use == PROBE else "circle"}
        )  # fmt: skip
        if told := (forecasts or {}).get((encoder, use)):
            series += continued(f"{name}, forecast", xs[-1], held[-1].mean, told, colour)
    if series and chance is not None:
        says = f"guessing {percent(chance, 0)}"
        series[-1]["markLine"] = mark_line("yAxis", in_percent(chance), says, "insideStartTop", ink)
    return {
        **chart_frame(8, 24, 28 + 24 * -(-len(by_way) // 3), 28),
        "legend": {"top": 0, "left": 0, "textStyle": {"color": ink}, "data": [f"{e}, {u}" for e, u in by_way]},
        "xAxis": axis("log", "labels per class"),
        "yAxis": percent_axis(min=0),
        "series": series,
    }  # fmt: skip


def axis_option(
    cells: Sequence[CellResult], path: str, name: str, colour: str, more: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """Accuracy against the values of one axis, in their order; ``name``: its title; ``more``: further series."""
    values = [_word(cell.cell[path]) for cell in cells]
    line = accuracy_line("accuracy", values, [cell.mean for cell in cells], colour)
    return ladder_option(values, name, [*_band("accuracy", values, cells, colour), line, *more])


def sweep_option(parts: Sequence[PartResult], question: str, name: str, colour: str, ink: str) -> dict[str, Any]:
    """A setting of SimCLR: accuracy of the probe, the contrastive accuracy, and the paper's own figures."""
    cells = over_seeds(parts)
    values = [_word(cell.cell[question]) for cell in cells]
    more = []
    pretext = [cell for cell in over_seeds(parts, "contrastive_accuracy") if _word(cell.cell[question]) in values]
    if pretext:
        xs, shares = [_word(cell.cell[question]) for cell in pretext], [cell.mean for cell in pretext]
        more.append(accuracy_line("contrastive accuracy (pre-training task)", xs, shares, CLASS_COLOURS[1]))
    paper = [[_word(value), figure] for value, figure in PAPER.get(question, {}).items() if _word(value) in values]
    if paper:
        more.append(
            accuracy_line(PAPER_SAYS, [], [], ink) | {"data": paper, "lineStyle": {"width": 1.5, "type": "dotted"}}
        )
    return axis_option(cells, question, name, colour, more)


def dots_option(
    names: Sequence[str], series: Mapping[str, Sequence[CellResult]], colours: Sequence[str], ink: str,
    whole: float | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A row a name: the mean of each of ``series`` and its range over seeds; a dashed line at the share ``whole``."""
    drawn: list[dict[str, Any]] = []
    for (title, cells), colour in zip(series.items(), colours, strict=False):
        dots = [{"value": [in_percent(cell.mean), place], "name": names[place]} for place, cell in enumerate(cells)]
        drawn.append({"type": "scatter", "name": title, "color": colour, "symbolSize": 12, "data": dots, "z": 3})
        drawn += [
            interval_line([in_percent(cell.least), place], [in_percent(cell.greatest), place], colour, 5, 0.4)
            for place, cell in enumerate(cells)
        ]
    if drawn and whole is not None:
        drawn[0]["markLine"] = mark_line("xAxis", in_percent(whole), "all", "end", ink)
    return {
        **chart_frame(4, 24, 36, 4),
        "legend": {"top": 0, "left": 0, "data": list(series)} if len(series) > 1 else {"show": False},
        "xAxis": percent_axis(scale=True),
        "yAxis": axis("category", inverse=True, data=list(names), axisTick={"show": False}),
        "series": drawn,
    }


def left_out_option(cells: Sequence[CellResult], colour: str, ink: str) -> dict[str, Any]:
    """SimCLR without each augmentation, compared with all of them."""
    without = [cell for cell in cells if cell.cell["views"] == WITHOUT]
    whole = next((cell for cell in cells if cell.cell["views"] == ALL), None)
    shown = [*([whole] if whole else []), *without]
    names = ["all augmentations" if cell is whole else f"without {cell.cell['first']}" for cell in shown]
    return dots_option(names, {"accuracy": shown}, [colour], ink, whole.mean if whole else None)


def pairs_option(cells: Sequence[CellResult], colour: str, lettering: str) -> dict[str, Any] | None:
    """The matrix of the paper's figure 5: only these two augmentations, one alone on the diagonal; None without any."""
    only = [cell for cell in cells if cell.cell["views"] == ONLY]
    if not only:
        return None
    names = list(dict.fromkeys(str(cell.cell[end]) for end in ("first", "second") for cell in only))
    squares = []
    for cell in only:
        a, b = names.index(str(cell.cell["first"])), names.index(str(cell.cell["second"]))
        value = round(100 * cell.mean, 1)
        squares += [[a, b, value], *([[b, a, value]] if a != b else [])]
    values = [square[2] for square in squares]
    shades = {"color": [f"{colour}08", f"{colour}90"]}
    side = axis("category", data=names, axisTick={"show": False}, axisLine={"show": False})
    return {
        **chart_frame(4, 8, 8, 8),
        "xAxis": side | {"position": "top"},
        "yAxis": side | {"inverse": True},
        "visualMap": {"show": False, "min": min(values), "max": max(values), "inRange": shades},
        "series": [
            {"type": "heatmap", "name": "accuracy, %", "data": squares, "label": {"show": True, "color": lettering}}
        ],
    }


def _band(name: str, xs: Sequence[Any], cells: Sequence[CellResult], colour: str) -> list[dict[str, Any]]:
    """From the least to the greatest over seeds: an invisible line, and what is stacked on it."""
    if all(cell.seeds == 1 for cell in cells):
        return []
    return band(name, xs, [(cell.least, cell.greatest) for cell in cells], colour)


def _word(value: Any) -> str:
    return short_number(value) if isinstance(value, float) else str(value)
