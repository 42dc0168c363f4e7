"""A picture with the evidence for one class laid over it; how strongly is set in the browser, without a rerun."""

from typing import Any

from dashboard.parts.own_component import own_component
from dashboard.state import Key

_view = own_component(__file__)


def heat_view(
    picture: str, heat: str, *, width: int, height: int, alt: str, says: str, key: Key, tallest_px: int = 460
) -> None:
    """``picture`` and ``heat`` are addresses; the heat covers the largest centred square, which the network sees."""
    aspect = width / max(height, 1)
    share_x, share_y = min(1.0, 1 / aspect), min(1.0, aspect)
    data: dict[str, Any] = {
        "picture": picture,
        "heat": heat,
        "aspect": aspect,
        "tallest": tallest_px,
        "box": [(1 - share_x) / 2, (1 - share_y) / 2, share_x, share_y],
        "alt": alt,
        "says": says,
    }
    _view(data=data, key=key)
