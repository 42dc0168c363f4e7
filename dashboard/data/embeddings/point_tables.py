"""Downloads: the selection and all points as CSV, the chart as an interactive HTML page."""

from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd

from dashboard.data.embeddings.points import Cloud, ImageFacts
from dashboard.data.embeddings.scatter import Colouring, plotly_text, scatter_figure
from sealife_core.datasets.dataset import Dataset
from sealife_core.neutral import csv_of

LINE_LETTERS = 140  # of 12 px
# "Share chart" would upload the pictures' places to a company's server.
_QUIET = {"displaylogo": False, "modeBarButtonsToRemove": ["sendChartToCloud"], "plotlyServerURL": ""}


def selection_csv(dataset: Dataset, rows: np.ndarray) -> str:
    """Name, id, label, split and file of the selected images; in the data set's folder it can be imported."""
    return csv_of(_who(dataset, rows))


def points_table(dataset: Dataset, cloud: Cloud, facts: ImageFacts) -> pd.DataFrame:
    """One row a point: which image, its coordinates, what is known of it; unknown is empty."""
    names = np.array([*dataset.classes, ""], dtype=object)  # -1 is the last: nothing
    table = _who(dataset, cloud.rows)
    for axis, values in zip("xyz", cloud.points.T, strict=False):
        table[axis] = values
    if (facts.predicted >= 0).any():
        table["predicted"] = names[facts.predicted]
        table["confidence"], table["loss"] = facts.confidence, facts.loss
    if (facts.clusters >= 0).any():
        table["cluster"] = facts.clusters + 1
    return table


def _who(dataset: Dataset, rows: np.ndarray) -> pd.DataFrame:
    """One row an image: ``source`` is the file's name before the import, ``file`` its path in the data set."""
    about = dataset.manifest.iloc[rows].reset_index(drop=True)
    return about.assign(source=[dataset.file_names[row] for row in rows])[["source", "id", "label", "split", "file"]]


def interactive_html(
    dataset: Dataset, cloud: Cloud, facts: ImageFacts, coloured: Colouring, title: str, says: str
) -> str:
    """One file that needs no network: the chart in light colours, words in place of the pictures on hovering."""
    figure = scatter_figure(cloud.points, facts.custom(), coloured, axes=cloud.axes, dark=False)
    words = np.array([plotly_text(text) for text in _words(dataset, cloud, facts)], dtype=object)
    place = {int(row): i for i, row in enumerate(cloud.rows)}

    def told(trace: Any) -> None:
        members = [place[int(custom[0])] for custom in trace.customdata]
        trace.update(text=words[members], hoverinfo="text", customdata=None, meta=None)

    figure.for_each_trace(told)
    said = _lines(says.replace("**", ""))
    figure.update_layout(
        title={"text": "<br>".join(_lines(title)), "subtitle": {"text": "<br>".join(said), "font": {"size": 12}},
               "x": 0.02, "xanchor": "left", "y": 0.985, "yanchor": "top", "yref": "container", "automargin": True},
        margin={"t": 60 + 16 * len(said)}, showlegend=True, paper_bgcolor="white", plot_bgcolor="white",
    )  # fmt: skip
    return figure.to_html(include_plotlyjs=True, full_html=True, config=_QUIET)


def _lines(text: str) -> list[str]:
    """``text`` in lines that fit a window 1,000 px wide, escaped: Plotly reads mark-up and folds nothing."""
    return [plotly_text(line) for line in wrap(text, LINE_LETTERS)]


def _words(dataset: Dataset, cloud: Cloud, facts: ImageFacts) -> list[str]:
    table = points_table(dataset, cloud, facts)
    words = table["source"] + ", " + table["label"].replace("", "unlabelled") + ", " + table["split"]
    if "predicted" in table:
        words += table["predicted"].where(table["predicted"] == "", ", predicted " + table["predicted"])
    return words.tolist()
