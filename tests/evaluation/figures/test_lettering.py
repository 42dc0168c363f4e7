"""Names as they stand, in figures."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.mathtext import MathTextParser
from matplotlib.text import Text

from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow
from sealife_core.evaluation.comparison.paired import ClassChange
from sealife_core.evaluation.figures.comparison_figures import as_svg, class_figure, comparison_figure
from sealife_core.evaluation.figures.learned_figures import projection_figure
from sealife_core.evaluation.figures.lettering import as_it_stands, drawable, shortened
from sealife_core.evaluation.figures.palette import class_colour
from sealife_core.evaluation.figures.run_figures import confusion, curves, prediction_page


@pytest.mark.parametrize(
    ("name", "most", "shown"),
    [
        ("crab", 4, "crab"),
        ("abcdefghij", 6, "abc…ij"),
        ("species number 1", 9, "speci…r 1"),
        (" two\nlines\tand a tab ", 30, "two lines and a tab"),
        ("", 5, ""),
    ],
)
def test_shortened__keeps_both_ends(name: str, most: int, shown: str) -> None:
    assert shortened(name, most) == shown
    assert len(shortened(name, most)) <= most


def test_drawable__replaces_what_no_font_has() -> None:
    assert drawable("crab_$5 ✓ é 🐠\x07") == "crab_$5 ✓ é □□"


def test_as_it_stands__is_no_mathematics() -> None:
    text = as_it_stands(Figure().text(0, 0, "$\\frac{x$ 🐠"))
    assert text.get_text() == "$\\frac{x$ □"
    assert not text.get_parse_math()


def test_figures__a_class_with_dollars_is_no_mathematics(
    tiny_reef: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []
    monkeypatch.setattr(MathTextParser, "parse", lambda self, text, *more: parsed.append(text))
    name, ids = "a$b$c", tiny_reef.manifest["id"][:2]
    told = pd.DataFrame({"id": ids, "label": name, "predicted": [name, "x$y$"], "confidence": 0.8})
    curves([{"step": 1, "epoch": 1.0, "train/loss": 1.0}], tmp_path / "curves.png")
    confusion(np.eye(2, dtype=int), [name, "x$y$"], tmp_path / "confusion.png")
    prediction_page(tiny_reef, told, tmp_path / "page.png")
    fields = dict.fromkeys(ComparisonRow.__dataclass_fields__, 0.5) | {"name": name, "encoder": name, "n": 3}
    drawn = [
        projection_figure(
            np.zeros((2, 2)), np.array([0, 1]), {name: class_colour(0), "x$y$": class_colour(1)}, title=name
        ),
        class_figure([ClassChange(name, 3, 1, 1, 0.5, 0.5, 1.0, 1.0)]),
        comparison_figure([ComparisonRow(**fields)]),  # type: ignore[arg-type],
    ]
    for figure in drawn:
        as_svg(figure, "s")
        assert any(name in text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))
    assert parsed == []
