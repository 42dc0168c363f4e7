"""What can be taken away: the selection and all points as CSV, the chart as an interactive page of its own."""

from html import escape
from typing import Any

import numpy as np
import pandas as pd

from dashboard.components.embedding_colours import Colouring, Facts
from dashboard.components.embedding_points import Cloud
from dashboard.components.scatter import scatter_figure
from sealife_core.datasets.dataset import Dataset
from sealife_core.neutral import csv_of

# "Share chart" would upload the pictures' places to a company's server.
_QUIET = {"displaylogo": False, "modeBarButtonsToRemove": ["sendChartToCloud"], "plotlyServerURL": ""}


def selection_csv(dataset: Dataset, rows: np.ndarray) -> str:
    """id, file, label and split of the selected images; laid into the data set's folder, it can be imported."""
    return csv_of(dataset.manifest.iloc[rows][["id", "file", "label", "split"]])


def points_table(dataset: Dataset, cloud: Cloud, facts: Facts) -> pd.DataFrame:
    """One row a point: who it is, where it lies, what is known of it; unknown is empty."""
    names = np.array([*dataset.classes, ""], dtype=object)  # -1 is the last: nothing
    table = dataset.manifest.iloc[cloud.rows][["id", "file", "label", "split"]].reset_index(drop=True)
    for axis, values in zip("xyz", cloud.points.T, strict=False):
        table[axis] = values
    if (facts.predicted >= 0).any():
        table["predicted"] = names[facts.predicted]
        table["confidence"], table["loss"] = facts.confidence, facts.loss
    if (facts.clusters >= 0).any():
        table["cluster"] = facts.clusters + 1
    return table


def interactive_html(dataset: Dataset, cloud: Cloud, facts: Facts, coloured: Colouring, title: str, says: str) -> str:
    """One file that needs no network: the chart in light colours, words in place of the pictures on hovering."""
    figure = scatter_figure(cloud.points, facts.custom(), coloured, axes=cloud.axes, dark=False)
    words = np.array([escape(text) for text in _words(dataset, cloud, facts)], dtype=object)
    place = {int(row): i for i, row in enumerate(cloud.rows)}

    def told(trace: Any) -> None:
        members = [place[int(custom[0])] for custom in trace.customdata]
        trace.update(text=words[members], hoverinfo="text", customdata=None, meta=None)

    figure.for_each_trace(told)
    figure.update_layout(
        title={"text": escape(title), "subtitle": {"text": escape(says), "font": {"size": 12}}},
        margin={"t": 90}, showlegend=True, paper_bgcolor="white", plot_bgcolor="white",
    )  # fmt: skip
    return figure.to_html(include_plotlyjs=True, full_html=True, config=_QUIET)


def _words(dataset: Dataset, cloud: Cloud, facts: Facts) -> list[str]:
    table = points_table(dataset, cloud, facts)
    words = table["id"] + ", " + table["label"].replace("", "unlabelled") + ", " + table["split"]
    if "predicted" in table:
        told = table["predicted"].where(table["predicted"] == "", ", predicted " + table["predicted"])
        words = words + told
    return words.tolist()
