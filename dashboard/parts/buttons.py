"""Buttons that several pages have: one that saves a file, and two that step to what comes before and after."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.state import Key


def download(
    label: str,
    make: Callable[[], str | bytes],
    file: str,
    kind: str = "text/csv",
    *,
    icon: str = "download",
    **more: Any,
) -> None:
    """Saves what ``make`` returns as ``file``. It is made when the button is pressed, and the page stays as it is."""
    st.download_button(label, make, file, kind, icon=f":material/{icon}:", on_click="ignore", **more)


def previous(go: Callable[[str], None], to: str, key: Key, *, keys: bool = True) -> None:
    """Goes ``to`` what comes before; "": there is none. keys: the left arrow does it too."""
    _step("Previous", "chevron_left", go, to, key.of("previous"), "left" if keys else None)


def following(go: Callable[[str], None], to: str, key: Key, *, keys: bool = True) -> None:
    """As :func:`previous`, ``to`` what comes next, by the right arrow."""
    _step("Next", "chevron_right", go, to, key.of("next"), "right" if keys else None)


def _step(label: str, icon: str, go: Callable[[str], None], to: str, key: Key, shortcut: str | None) -> None:
    st.button(
        label, icon=f":material/{icon}:", key=key, disabled=not to, on_click=go, args=(to,), shortcut=shortcut
    )  # fmt: skip
