"""From one lesson to the next, as a lecturer turns slides: each opens at its top, and keys turn them."""

from dashboard.parts.own_component import own_component
from dashboard.state import lessons

_turning = own_component(__file__, "<i></i>")


def turning(lesson: str) -> None:
    """Scroll up once ``lesson`` is another one than before, or is presented, or no longer; and listen to keys."""
    _turning(
        data={"shown": f"{lesson} {lessons.presenting()}", "buttons": {-1: lessons.BACK, 1: lessons.NEXT}},
        key=lessons.TURNING, height=1,
    )  # fmt: skip
