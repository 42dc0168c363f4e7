"""Names as they stand, in figures."""

import pytest
from matplotlib.figure import Figure

from sealife_core.evaluation.lettering import as_it_stands, drawable, shortened


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
