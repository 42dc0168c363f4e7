"""The four piles of a paired comparison as HTML, with embedded pictures if asked for."""

import base64
from html import escape

from sealife_core.datasets.dataset import Dataset, dataset_or_none
from sealife_core.datasets.decoding.thumbnails import thumbnail
from sealife_core.errors import SealifeError
from sealife_core.evaluation.comparison.paired import PILE_WORDS, Paired

SIDE_PX = 128


def piles_html(pair: Paired, data: str, pictures: int) -> str:
    """The number of images in each pile, and at most ``pictures`` of each from the data set ``data``."""
    counts = " · ".join(f"{words}: {int(pair.mask(pile).sum()):,}" for pile, words in PILE_WORDS.items())
    dataset = dataset_or_none(data) if pictures > 0 else None
    shown = "".join(_pile(pair, pile, dataset, pictures) for pile in PILE_WORDS) if dataset is not None else ""
    return f"<h2>The four outcomes</h2><p>{counts}</p>{shown}"


def _pile(pair: Paired, pile: str, dataset: Dataset, pictures: int) -> str:
    figures = []
    for place in [int(i) for i in pair.mask(pile).nonzero()[0]][:pictures]:
        try:
            row = dataset.row_of(str(pair.ids[place]))
            jpeg = thumbnail(dataset, row, SIDE_PX)
        except (SealifeError, OSError):
            continue  # the picture has been deleted
        label = escape(str(pair.labels[place]))
        figures.append(
            f'<figure><img alt="{label}" src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}">'
            f"<figcaption><b>{label}</b><br>{escape(str(pair.predicted_a[place]))} → "
            f"{escape(str(pair.predicted_b[place]))}<br>{escape(dataset.file_names[row])}</figcaption></figure>"
        )
    said = f"{PILE_WORDS[pile]}: {len(figures):,} of {int(pair.mask(pile).sum()):,} shown"
    return f'<h3>{said}</h3><div class="piles">{"".join(figures)}</div>' if figures else ""
