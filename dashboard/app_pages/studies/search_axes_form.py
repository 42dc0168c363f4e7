"""Which settings a search varies, and between which values: one row a setting, filled in around the preset."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.parts.forms.config_form import FORMATS
from dashboard.state import Key
from sealife_core.config import Axis, FineTuneConfig, ProbeConfig, Setting, SimclrConfig, bound, suggested_axis
from sealife_core.evaluation.comparison.differences import setting_words
from sealife_core.models.facts import OFFERED

# What most changes how well each kind of run does, and so what a search varies by default.
FIRST = {
    "simclr": ("learning_rate", "temperature", "views.strength"),
    "probe": ("weight_decay", "class_weights"),
    "finetune": ("learning_rate", "encoder_rate_factor", "weight_decay"),
    "transfer": ("learning_rate", "encoder_rate_factor", "weight_decay"),
    "resnet50": ("learning_rate", "encoder_rate_factor", "dropout"),
    "scratch": ("learning_rate", "weight_decay", "label_smoothing"),
}
ENCODER = "encoder"


def vary_choice(settings: Sequence[Setting], task: str, key: Key) -> list[Setting]:
    """Draws the choice of the settings that vary. Returns them in the order in which they were chosen."""
    # Numbers, switches and choices can vary, and the encoder: of other texts nothing is known.
    known = {s.path: s for s in settings if s.type is not str or s.choices or s.path == ENCODER}
    chosen = st.multiselect(
        "Settings that vary", list(known), default=[path for path in FIRST[task] if path in known],
        format_func=lambda path: f"{known[path].title} ({known[path].group.lower()})", key=key.of("vary"),
        persist_state="session", placeholder="Choose one or more",
    )  # fmt: skip
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
            further = OFFERED if setting.path == ENCODER else ()
            chosen = st.multiselect(
                setting.title, list(dict.fromkeys([*further, *start.choices])), default=start.choices, key=where,
                format_func=partial(setting_words, setting=setting), persist_state="session",
            )  # fmt: skip
            st.caption(setting.says)
            return Axis(path=setting.path, choices=tuple(chosen))
        left, middle, right = st.columns(3, vertical_alignment="bottom")
        low = _end(left, f"{setting.title}, from", start.low, setting, where.of("low"))
        high = _end(middle, "to", start.high, setting, where.of("high"))
        log = right.toggle(
            "log scale", start.log, key=where.of("log"), persist_state="session",
            help="Half and double are equally far away: 0.001 is halfway between 0.0001 and 0.01. This suits learning"
                 " rates.",
        )  # fmt: skip
        unit = f" {setting.unit}" if setting.unit else ""
        least, most = setting.minimum, setting.maximum
        span = f" {bound(least)} to {bound(most)}{unit}." if least is not None and most is not None else ""
        st.caption(setting.says + span)
    step = start.step if start.step and not log and start.step <= high - low else None
    return Axis(path=setting.path, low=low, high=high, log=log, step=step)


def _end(place: DeltaGenerator, label: str, value: float | None, setting: Setting, key: Key) -> float:
    """One end of a range."""
    number: Any = int if setting.type is int else float
    chosen = place.number_input(  # without bounds, as in the form of a run
        label, value=number(value or 0), step=number(setting.step or 1), format=FORMATS[number],
        key=key, persist_state="session",
    )  # fmt: skip
    return float(chosen)
