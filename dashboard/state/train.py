"""Train: what is trained, and what its form is filled with from elsewhere."""

from typing import Any

from dashboard.state.keys import Key, UrlKey

TASK = UrlKey("task")  # its values are the keys of TASKS
SIZE = UrlKey("size")
FORM = Key("train")
NAME = Key("run_name")

_FORM_VALUES = Key("form_values")
_FORM_VERSION = Key("form_version")


def set_form_values(task: str, values: dict[str, Any]) -> None:
    """Fill the form: ``task`` is a key of TASKS, ``values`` flat settings ("views.hue") over the preset's."""
    _FORM_VALUES.hold((task, values))
    _FORM_VERSION.hold(form_version() + 1)


def form_values() -> tuple[str, dict[str, Any]] | None:
    """(task, values) that the form was filled with (a cloned run, a saved recipe), or None."""
    return _FORM_VALUES.held()


def clear_form_values() -> None:
    """Back to the preset."""
    _FORM_VALUES.take()
    _FORM_VERSION.hold(form_version() + 1)


def form_version() -> int:
    """Part of the keys of the form's widgets: a new version resets them to the values of the form."""
    return _FORM_VERSION.held(0)
