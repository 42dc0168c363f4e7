"""What the labels have bought, ready to be read and drawn: accuracy so far, its forecast, the models trained."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.data.charts.echarts import (
    accuracy_line,
    axis,
    band,
    chart_frame,
    continued,
    in_percent,
    interval_line,
    percent_axis,
)
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.comparison.learning_curve import AccuracyForecast
from sealife_core.evaluation.curation.label_queue import Bought
from sealife_core.evaluation.curation.outlook import outlook
from sealife_core.runs.run import Run
from sealife_core.wording import counted, percent


@dataclass(frozen=True)
class Trained:
    """A model trained on the labels of a data set, as they were then: accuracy on its test pictures, 95 % interval."""

    name: str
    labels: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True)
class Ahead:
    """A forecast, and the point from which it goes on."""

    start: Bought
    told: AccuracyForecast


NOW, THEN = "forecast", "expected when a model was trained on fewer"


def forecasts(answered: Sequence[Bought], models: Sequence[Trained], dataset: Dataset) -> dict[str, Ahead]:
    """What more labels would bring, and what they were to bring when a model was last trained on fewer."""
    if not answered:
        return {}
    fewer = [model.labels for model in models if model.labels < answered[-1].learned]
    parts = {NOW: answered, THEN: [one for one in answered if one.learned <= max(fewer, default=0)]}
    told = {name: outlook(part, len(dataset.classes), len(dataset)) for name, part in parts.items()}
    return {name: Ahead(parts[name][-1], one) for name, one in told.items() if one is not None}


def says(last: Bought, ahead: Ahead | None) -> str:
    """How good a model is now, and how good it may get with more labels."""
    held_out = "random picture" if last.random == last.asked else "validation picture"
    now = (
        f"A model that learns from {counted(last.learned, 'label')} is right on {round(last.accuracy * last.asked):,}"
        f" of {counted(last.asked, held_out)}: {percent(last.accuracy, 0)} ({percent(last.low, 0)} to"
        f" {percent(last.high, 0)})."
    )
    if ahead is None:
        return now
    return (
        f"{now} With {counted(round(ahead.told.labels), 'label')} expect {percent(ahead.told.value, 0)}"
        f" ({percent(ahead.told.low, 0)} to {percent(ahead.told.high, 0)})."
    )


def how_to_read(last: Bought, ahead: dict[str, Ahead], models: Sequence[Trained]) -> str:
    """What the points, dotted lines and rings of :func:`accuracy_option` are."""
    if last.random == last.asked:
        held_out = "the random pictures"
    else:
        held_out = f"{last.asked - last.random:,} validation pictures of the import and {last.random:,} random ones"
    said = f"Accuracy on {held_out}, with 95 % interval. The model learned from none of them."
    if NOW in ahead:
        said += " Dotted: the forecast with 80 % interval, for as good a choice of pictures."
    if THEN in ahead:
        said += " Grey: what was to be expected when a model was last trained on fewer labels."
    if models:
        said += " Rings: models trained on the labels of their time, on their test pictures."
    return said


def trained(runs: Sequence[Run]) -> list[Trained]:
    """Those of ``runs`` that were tested; without test pictures, on validation."""
    found = []
    for run in runs:
        results = run.results() or {}
        scored = next((part for split in ("test", "val") if (part := results.get(split) or {}).get("n")), None)
        if scored and results.get("labels_used"):
            ends = (scored["accuracy_low"], scored["accuracy_high"])
            found.append(Trained(run.notes()["name"], results["labels_used"], scored["accuracy"], *ends))
    return found


def accuracy_option(
    answered: Sequence[Bought], ahead: dict[str, Ahead], models: Sequence[Trained], colour: str, ink: str
) -> dict[str, Any]:
    """Accuracy against labels learned from, its interval, its forecast and the models trained."""
    points = {one.learned: one for one in answered}
    ends = [(one.low, one.high) for one in points.values()]
    series = []
    for name, one in ahead.items():
        start = one.start
        series += continued(name, start.learned, start.accuracy, [one.told], colour if name == NOW else ink)
    series += [
        *band("interval", list(points), ends, colour),
        accuracy_line("accuracy", list(points), [one.accuracy for one in points.values()], colour),
    ]
    for one in models:
        series.append(
            interval_line([one.labels, in_percent(one.low)], [one.labels, in_percent(one.high)], ink, 2, 0.35)
        )
    rings = [{"name": one.name, "value": [one.labels, in_percent(one.accuracy)]} for one in models]
    series.append(
        {"type": "scatter", "name": "trained", "symbolSize": 13, "data": rings, "tooltip": {"formatter": "{b}: {c}"},
         "itemStyle": {"color": "transparent", "borderColor": ink, "borderWidth": 2.5}}
    )  # fmt: skip
    return {
        **chart_frame(8, 24, 16, 28),
        "xAxis": axis("value", "labels learned from", scale=True),
        "yAxis": percent_axis(min=0, max=100),
        "series": series,
    }
