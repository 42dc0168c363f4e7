"""What a person has chosen, in session state and in the URL: a file a page, and what several pages share.

No other file names a key of either.
"""

from dashboard.state import (
    compare,
    contrast,
    corrections,
    data,
    embeddings,
    forms,
    gallery,
    label,
    lessons,
    runs,
    studies,
    train,
    views,
)
from dashboard.state.keys import Key, UrlKey, turn
from dashboard.state.navigation import arrive, go, go_import
from dashboard.state.notice import NOTICE, say, say_problem

__all__ = [
    "NOTICE", "Key", "UrlKey", "arrive", "compare", "contrast", "corrections", "data", "embeddings", "forms",
    "gallery", "go", "go_import", "label", "lessons", "runs", "say", "say_problem", "studies", "train", "turn", "views",
]  # fmt: skip
