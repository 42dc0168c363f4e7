"""Forms on several pages: notes that several people write, and what was launched."""

from collections.abc import Mapping
from typing import Any

from dashboard.state.keys import Key
from sealife_core.errors import SealifeError

FOLD = Key("fold")
NOTES = Key("notes")
LAUNCH = Key("launch")
LAUNCHED = Key("launched")
_PROBLEM = Key("launch_problem")


def seen(form: Key) -> dict[str, Any]:
    """What the person who writes in a form knows to be on disk."""
    return form.of("seen").held({})


def see(form: Key, told: Mapping[str, Any]) -> None:
    """The person has been shown what is on disk, or a part of it."""
    form.of("seen").hold({**seen(form), **told})


def remember_launch(token: str, run_id: str, name: str) -> None:
    """``token`` stands for exactly this request: it is not launched again by a second click."""
    LAUNCHED.hold((token, run_id, name))
    _PROBLEM.take()


def launched(token: str) -> tuple[str, str] | None:
    """(id, name) of the run that this very request became, or None."""
    held = LAUNCHED.held()
    return held[1:] if held and held[0] == token else None


def remember_problem(token: str, error: SealifeError) -> None:
    """Why the request could not be launched."""
    _PROBLEM.hold((token, error))


def launch_problem(token: str) -> SealifeError | None:
    """What :func:`remember_problem` kept for this request."""
    held = _PROBLEM.held()
    return held[1] if held and held[0] == token else None
