"""A form made from a config's own description: a field added to the config appears here by itself."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.data.readable_settings import by_group
from dashboard.state import Key, forms
from sealife_core.config import Setting, bound
from sealife_core.evaluation.comparison.differences import setting_words
from sealife_core.wording import with_unit

# Draws one setting in its own way: (setting, value, widget key) → value.
Field = Callable[[Setting, Any, Key], Any]
Fields = Mapping[str, Field]
Settings = Sequence[Setting]
Values = Mapping[str, Any]
MOST_SLIDER_STEPS = 210  # a finer slider cannot be set by hand
COLUMNS = 3
FORMATS = {int: "%d", float: "%.4g"}  # without digits the browser writes 1.3333333333333333


def the_rest(settings: Settings, values: Values, key: Key, special: Fields, columns: int = COLUMNS) -> dict[str, Any]:
    """All other settings, one fold a group, in the config's order. Returns path → value."""
    chosen: dict[str, Any] = {}
    for group, members in by_group([s for s in settings if not s.simple]).items():
        fold = st.expander(group, key=forms.FOLD.of(group), on_change="rerun")
        chosen |= _folded(fold, bool(fold.open), members, values, key, special, columns)
    return chosen


def tabbed(settings: Settings, values: Values, key: Key, special: Fields) -> dict[str, Any]:
    """As :func:`the_rest`, in one fold with a tab a group: for a config with many groups."""
    groups = by_group([s for s in settings if not s.simple])
    chosen: dict[str, Any] = {}
    title = "Everything else: " + ", ".join(group.lower() for group in groups)
    fold = st.expander(title, key=forms.FOLD.of("everything"), on_change="rerun")
    tabs = fold.tabs(list(groups), key=forms.FOLD.of("tabs"), on_change="rerun") if fold.open else [fold] * len(groups)
    for tab, members in zip(tabs, groups.values(), strict=True):
        chosen |= _folded(tab, bool(fold.open and tab.open), members, values, key, special)
    return chosen


def _folded(
    place: DeltaGenerator, is_open: bool, settings: Settings, values: Values, key: Key, special: Fields,
    columns: int = COLUMNS,
) -> dict[str, Any]:  # fmt: skip
    """The settings' values; they are drawn only where one can see them: forty fields cost half a second to open."""
    if is_open:
        with place:
            return setting_grid(settings, values, key, special, columns)
    return {s.path: key.of(s.path).held(values[s.path]) for s in settings}


def _field(setting: Setting, value: Any, key: Key) -> Any:
    """One setting with its title, unit, range and sentence. Returns its value."""
    label = with_unit(setting.title, setting.unit)
    with st.container(gap="xsmall"):
        chosen = _widget(setting, value, {"label": label, "key": key.of(setting.path), "persist_state": "session"})
        st.caption(setting.says + _range(setting, chosen))
    return chosen


def setting_grid(
    settings: Settings, values: Values, key: Key, special: Fields, columns: int = COLUMNS
) -> dict[str, Any]:
    """Settings, unfolded: in rows of columns, so that a narrow screen keeps the order. Returns path → value."""
    chosen: dict[str, Any] = {}
    for start in range(0, len(settings), columns):
        row = settings[start : start + columns]
        for column, setting in zip(st.columns(columns, gap="large"), row, strict=False):
            with column:
                field = special.get(setting.path, _field)
                chosen[setting.path] = field(setting, values[setting.path], key)
    return chosen


def _widget(setting: Setting, value: Any, shared: dict[str, Any]) -> Any:
    if setting.choices:
        words = partial(setting_words, setting=setting)
        return st.selectbox(options=setting.choices, index=setting.choices.index(value), format_func=words, **shared)
    if setting.type is bool:
        return st.toggle(value=value, **shared)
    if setting.type is str:
        return st.text_input(value=value or "", **shared)
    number = setting.type
    low, high, step = (None if n is None else number(n) for n in (setting.minimum, setting.maximum, setting.step))
    value = None if value is None else number(value)
    if not setting.optional and low is not None and high is not None and (high - low) / step <= MOST_SLIDER_STEPS:
        return st.slider(min_value=low, max_value=high, value=value, step=step, format=FORMATS[number], **shared)
    # Without bounds: the screen would show a number outside of them while Streamlit still returned the last valid one.
    # The config says what is wrong with it.
    empty = "the recipe's value" if setting.optional else None
    return st.number_input(value=value, step=step, format=FORMATS[number], placeholder=empty, **shared)


def _range(setting: Setting, value: Any) -> str:
    if setting.minimum is None or setting.maximum is None:
        return ""
    span = f"{bound(setting.minimum)} to {bound(setting.maximum)}."
    outside = value is not None and not setting.minimum <= value <= setting.maximum
    return f" :red[**{span}**]" if outside else f" {span}"
