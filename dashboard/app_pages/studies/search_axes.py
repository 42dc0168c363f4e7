"""Which settings a search varies, and between which values: one row a setting, filled in around the preset."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from dashboard.data.search_axes import FIRST, offered, variable
from dashboard.data.settings import shown
from dashboard.parts.forms.config_form import FORMATS
from dashboard.state import Key
from sealife_core.config import Axis, FineTuneConfig, ProbeConfig, Setting, SimclrConfig, bound, suggested_axis


def vary_choice(settings: Sequence[Setting], task: str, key: Key) -> list[Setting]:
    """Draws the choice of the settings that vary. Returns them in the order in which they were chosen."""
    known = variable(settings)
    chosen = st.multiselect(
        "Settings that vary",
        list(known),
        default=[path for path in FIRST[task] if path in known],
        format_func=lambda path: f"{known[path].title} ({known[path].group.lower()})",
        key=key.of("vary"),
        persist_state="session",
        placeholder="Choose one or more",
    )
    st.caption(
        "Twenty trials are enough for two or three settings. Each further setting needs several times as many trials."
    )
    return [known[path] for path in chosen]


def axis_row(base: SimclrConfig | ProbeConfig | FineTuneConfig, setting: Setting, key: Key) -> Axis:
    """Draws the values between which one setting varies; ``base`` says where to begin."""
    start = suggested_axis(base, setting)
    where = key.of("axis", setting.path)
    with st.container(gap="xsmall"):
        if start.choices:
            chosen = st.multiselect(
                setting.title, offered(setting, start.choices), default=start.choices, key=where,
                format_func=partial(shown, path=setting.path), persist_state="session",
            )  # fmt: skip
            st.caption(setting.says)
            return Axis(path=setting.path, choices=tuple(chosen))
        columns = st.columns(3, vertical_alignment="bottom")
        with columns[0]:
            low = _end(f"{setting.title}, from", start.low, setting, where.of("low"))
        with columns[1]:
            high = _end("to", start.high, setting, where.of("high"))
        with columns[2]:
            log = st.toggle(
                "log scale", start.log, key=where.of("log"), persist_state="session",
                help="Half and double are equally far away: 0.001 is halfway between 0.0001 and 0.01. This suits"
                     " learning rates.",
            )  # fmt: skip
        unit = f" {setting.unit}" if setting.unit else ""
        limits = (setting.minimum, setting.maximum)
        span = f" {bound(limits[0])} to {bound(limits[1])}{unit}." if None not in limits else ""  # type: ignore[arg-type]
        st.caption(setting.says + span)
    step = start.step if start.step and not log and start.step <= high - low else None
    return Axis(path=setting.path, low=low, high=high, log=log, step=step)


def _end(label: str, value: float | None, setting: Setting, key: Key) -> float:
    """One end of a range."""
    number: Any = int if setting.type is int else float
    chosen = st.number_input(  # without bounds, as in the form of a run
        label, value=number(value or 0), step=number(setting.step or 1), format=FORMATS[number],
        key=key, persist_state="session",
    )  # fmt: skip
    return float(chosen)
