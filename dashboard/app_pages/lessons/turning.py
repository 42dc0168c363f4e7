"""From one lesson to the next, as a lecturer turns slides: each opens at its top, and keys turn them."""

from dashboard.parts.own_component import own_component
from dashboard.state import lessons

_turning = own_component(__file__, "<i></i>")


def turning(place: int) -> None:
    """Scroll up once the lesson is another one than before, or is presented, or no longer; and listen to keys."""
    _turning(
        data={"shown": f"{place} {lessons.presenting()}",
              "buttons": {-1: lessons.BACK.of(place), 1: lessons.NEXT.of(place)}},
        key=lessons.TURNING, height=1,
    )  # fmt: skip
