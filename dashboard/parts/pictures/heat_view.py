"""A picture with a heat map laid over it. How strongly the map covers it is set in the browser, without a rerun."""

from dashboard.parts.own_component import own_component
from dashboard.state import Key

_view = own_component(__file__)
WHOLE = (0.0, 0.0, 1.0, 1.0)


def heat_view(
    picture: str, heat: str, *, aspect: float, alt: str, says: str, key: Key, label: str,
    box: tuple[float, float, float, float] = WHOLE,
) -> None:  # fmt: skip
    """``picture`` and ``heat`` are addresses; the heat covers ``box`` (x0, y0, width, height as fractions of it).

    aspect: width / height of the picture. label: what the heat shows, before the slider. says: below it.
    """
    data = {"picture": picture, "heat": heat, "aspect": aspect, "box": box, "alt": alt, "says": says, "label": label}
    _view(data=data, key=key)
