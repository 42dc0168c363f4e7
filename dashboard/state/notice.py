"""One sentence on what was just done."""

from dashboard.state.keys import Key

NOTICE = Key("notice")
DRAWN = Key("notice_drawn")


def say(text: str, undo: tuple[str, str] | None = None) -> None:
    """Keep the sentence (Markdown) until it is taken; ``undo`` is (kind, id), as parts/notice.py can undo it."""
    NOTICE.hold((text, undo))
