"""A lesson opens at its top: the way from one to the next stands at the end of a long page."""

from dashboard.parts.own_component import own_component
from dashboard.state import lessons

_to_top = own_component(__file__, "<i></i>")


def to_top(lesson: str) -> None:
    """Scroll up once ``lesson`` is another one than before, or is presented, or no longer."""
    _to_top(data={"shown": f"{lesson} {lessons.presenting()}"}, key=lessons.TOP, height=1)
