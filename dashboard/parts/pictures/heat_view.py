"""A picture with a heat map laid over it. How strongly the map covers it is set in the browser, without a rerun."""

from collections.abc import Mapping
from typing import Any

from dashboard.parts.own_component import own_component
from dashboard.state import Key

_view = own_component(__file__)
WHOLE = (0.0, 0.0, 1.0, 1.0)


def heat_view(
    picture: str, heat: str, *, aspect: float, alt: str, label: str, says: str, key: Key, opacity: int = 60,
    box: tuple[float, float, float, float] = WHOLE, opens_as: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """``picture`` and ``heat`` are addresses; the heat covers ``box`` (x0, y0, width, height as fractions of it).

    aspect: width / height of the picture. label: what the heat shows. says: below it, in small letters. opacity: of the
    heat at first, in per cent. opens_as: what a click opens large, see ``large_pictures.told``; else the picture.
    """
    data = {
        "picture": picture, "heat": heat, "aspect": aspect, "box": box, "alt": alt, "says": says, "label": label,
        "opacity": opacity, "opens": opens_as or {},
    }  # fmt: skip
    _view(data=data, key=key)
