"""One sentence on what was just done."""

from dashboard.state.keys import Key
from dashboard.words import plain

NOTICE = Key("notice")
DRAWN = Key("notice_drawn")


def say(text: str, undo: tuple[str, str] | None = None) -> None:
    """Keep the sentence (Markdown) until it is taken; ``undo`` is (kind, id), as parts/notice.py can undo it."""
    NOTICE.hold((f":material/check_circle: {text}", undo))


def say_problem(error: Exception) -> None:
    """Keep what went wrong instead of what was to be done."""
    NOTICE.hold((f":material/error: {plain(str(error))}", None))
