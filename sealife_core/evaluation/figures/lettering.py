"""Names given by users in Matplotlib figures: no mathematics, not too long, no warning for a missing glyph."""

from functools import lru_cache

from matplotlib import font_manager
from matplotlib.text import Text

# Matplotlib's own font first; the others, if installed, for scripts that it does not have.
_FONTS = ("DejaVu Sans", "Noto Sans CJK JP", "Noto Sans CJK SC", "Arial Unicode MS", "Microsoft YaHei", "Noto Sans")


def shortened(name: object, most: int) -> str:
    """``name`` in at most ``most`` characters; the middle is cut out, since names differ at their ends."""
    text = " ".join(str(name).split())
    return text if len(text) <= most else f"{text[: most - most // 3 - 1]}…{text[-(most // 3) :]}"


def as_it_stands(text: Text) -> Text:
    """``text``, changed in place to be shown literally: no $mathematics$, □ for characters that no font has."""
    text.set_parse_math(False)
    text.set_fontfamily(_fonts()[0])
    text.set_text(drawable(text.get_text()))
    return text


def drawable(text: str) -> str:
    """``text`` with □ for every character that no installed font has."""
    return "".join(letter if ord(letter) in _fonts()[1] else "□" for letter in text)


@lru_cache(maxsize=1)
def _fonts() -> tuple[list[str], frozenset[int]]:
    """The installed families of _FONTS, and every code point that they can draw."""
    installed = set(font_manager.fontManager.get_font_names())
    families = [name for name in _FONTS if name in installed]
    return families, frozenset(
        code for name in families for code in font_manager.get_font(font_manager.findfont(name)).get_charmap()
    )
