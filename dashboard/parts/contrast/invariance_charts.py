"""Small charts, one an augmentation: a line an encoder over growing strength, its band, and the pictures of a level.

A component of our own: a click keeps every chart where it is, and the pictures open below the chart that was clicked.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from dashboard.cache import datasets
from dashboard.data.contrast.ignored_charts import KEPT, EncoderLine, chart_data, point_of, shown_places
from dashboard.data.pictures import class_of
from dashboard.parts.own_component import own_component
from dashboard.parts.pictures.view_pairs import view_uri
from dashboard.state import Key
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast.augmentations import BY_NAME
from sealife_core.views.sampling import ViewParameters, centre_view
from sealife_core.views.transforms import apply_views

_SHOWN, _SIDE_PX = 6, 128

_charts = own_component(__file__, '<div class="charts"></div>')


def invariance_charts(
    lines: Sequence[EncoderLine], measure: str, dataset: Dataset, rows: Sequence[int], point: str, key: Key,
    on_pick: Callable[[str], None],
) -> None:  # fmt: skip
    """``lines`` of the pictures ``rows``. point: the augmentation and level whose pictures are shown, as "hue.3".

    ``on_pick`` is called with the point that is clicked.
    """
    data = chart_data(lines, measure)
    if found := point_of(point):
        data["chosen"] = changed_pictures(lines, measure, dataset, rows, *found)
    _charts(data=data, key=key, on_picked_change=key.on("picked", on_pick))


def changed_pictures(
    lines: Sequence[EncoderLine], measure: str, dataset: Dataset, rows: Sequence[int], name: str, level: int
) -> dict[str, Any]:
    """A few of the pictures before and after, and what each line makes of them."""
    places = shown_places(lines[0].response, name, level, _SHOWN)
    previews = datasets.previews(dataset, [rows[place] for place in places], _SIDE_PX)
    centre = centre_view(torch.tensor([preview.aspect for preview in previews]))
    parameters = ViewParameters.cat([centre, BY_NAME[name].changed(centre, level)])
    views = apply_views(torch.stack([preview.square for preview in previews]), parameters, _SIDE_PX)
    values = [line.response.kept(name) if measure == KEPT else line.response.cosines[name] for line in lines]
    pictures = [
        {
            "before": view_uri(views[i]), "after": view_uri(views[len(places) + i]),
            "name": class_of(dataset, previews[i].row), "values": [float(of_line[level, place]) for of_line in values],
        }
        for i, place in enumerate(places)
    ]  # fmt: skip
    return {"name": name, "level": level, "pictures": pictures}
