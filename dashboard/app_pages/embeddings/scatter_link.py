"""The chart of points as a component without an iframe: hovering shows pictures, a lasso or a click reaches the server.

Streamlit's own Plotly chart sends every selected point back with all it holds, and is drawn anew, blinking, whenever it
changes. Here the rows alone travel, and recolouring or a selection made elsewhere changes the chart that is there.
"""

from collections.abc import Sequence
from typing import Any

from dashboard import media
from dashboard.data.embeddings.scatter import ScatterPicture
from dashboard.parts.own_component import own_component
from dashboard.state import Key, embeddings
from sealife_core.datasets.dataset import Dataset
from sealife_core.wording import SPLIT_WORDS

# Plotly puts its own rules beside the chart, and a shadow root would hide it from them.
_SCATTER = own_component(__file__, shared="plotly_chart", isolate_styles=False)


def linked_scatter(
    picture: ScatterPicture, dataset: Dataset, *, key: Key, marks: Sequence[int], height_px: int, alt: str
) -> None:
    """Draw ``picture``. Selections and clicks are in ``state`` before the script's next run.

    ``marks`` are rows to put rings around, the query first.
    """
    rows, stamp = embeddings.selection(dataset)
    _SCATTER(
        key=key,
        data=shared_data(dataset) | {
            "figure": media.figure_url(picture.version), "version": picture.version, "name": picture.name,
            "height": height_px, "alt": alt,
            "selected": rows.tolist() if len(rows) else None, "stamp": stamp, "marks": [int(row) for row in marks],
            "group": dataset.name,
        },
        on_selected_change=key.on("selected", lambda told: embeddings.select(dataset, told["rows"], told["stamp"])),
        on_clicked_change=key.on("clicked", lambda told: embeddings.NEAR.set(dataset, [int(told["row"])])),
    )  # fmt: skip


def shared_data(dataset: Dataset) -> dict[str, Any]:
    """What every chart of pictures needs to show one on hovering."""
    return {
        "plotly": media.PLOTLY_URL,
        "thumbs": media.thumb_pattern(dataset),
        "classes": list(dataset.classes),
        "splits": list(SPLIT_WORDS.values()),
    }
