"""The notes of a run: its name, tags, free text, and the study that made it."""

from collections.abc import Iterable, Mapping
from typing import Any

from sealife_core.errors import RunError
from sealife_core.runs.contents import MOST_CHARACTERS


class NotesChanged(RunError):
    """Somebody else has changed what would be overwritten. ``now``: field → its present value."""

    def __init__(self, now: dict[str, Any]) -> None:
        self.now = now
        told = " and ".join(
            f"the {field} to '{', '.join(value) if isinstance(value, list) else value}'" for field, value in now.items()
        )
        super().__init__(
            f"Somebody else has changed {told} meanwhile. What you wrote is not saved yet: it is still in the form. Put"
            " both together there and save again."
        )


def completed(found: Mapping[str, Any], run_id: str) -> dict[str, Any]:
    """What notes.json holds, with a value for every field."""
    return {
        "name": found.get("name") or run_id,
        "tags": list(filter(None, found.get("tags") or [])),
        "notes": found.get("notes") or "",
        "study": found.get("study") or "",
    }


def changed(
    held: dict[str, Any], given: Mapping[str, Any], add_tags: Iterable[str], seen: Mapping[str, Any]
) -> dict[str, Any]:
    """``held`` with what is ``given`` (None: not given) and the tags that are added; see ``Run.write_notes``."""
    written = {key: value for key, value in given.items() if value is not None}
    known = held | dict(seen)
    if other := {key: held[key] for key in written if held[key] not in (written[key], known[key])}:
        raise NotesChanged(other)
    merged = held | written
    merged["tags"] = list(dict.fromkeys([*merged["tags"], *add_tags]))
    longest = max(map(len, (merged["name"], merged["notes"], *merged["tags"])))
    if longest > MOST_CHARACTERS:  # readers would take all of the notes for damaged
        raise RunError(
            f"A name, a tag or notes can have at most {MOST_CHARACTERS:,} characters; got {longest:,}. Shorten it."
        )
    return merged
