"""``--vary``: which settings vary, and over which values: one grammar for ``search``, ``sweep`` and ``study grid``.

--vary learning_rate=1e-4:1e-2:log      a range, on a log scale
--vary dropout=0:0.5                    a range
--vary image_size_px=32:96:16           a range in steps
--vary batch_size=32,64,128             these values
"""

import argparse
from collections.abc import Sequence
from contextlib import suppress
from math import isfinite
from typing import Any

from sealife_core.config import Axis, Setting, Settings, axis_problems, describe
from sealife_core.config.search import repeated
from sealife_core.errors import ConfigError
from sealife_core.runs.names import find_weights

FORMS = "SETTING=LOW:HIGH, SETTING=LOW:HIGH:log, SETTING=LOW:HIGH:STEP or SETTING=A,B,…"
MOST_VALUES = 1000


def add_vary(parser: argparse.ArgumentParser) -> None:
    """Add ``--vary`` to a command."""
    parser.add_argument(
        "--vary", action="append", default=[], required=True, metavar="SETTING=…",
        help=f"a setting (dotted: views.strength) and the values to try: {FORMS}; may be repeated",
    )  # fmt: skip


def varied(given: Sequence[str], model: type[Settings]) -> tuple[Axis, ...]:
    """The axes of a search over settings of ``model``. Raises ConfigError with a sentence for each problem."""
    axes, problems = read_axes(given, model)
    problems += [problem for axis in axes for problem in axis_problems(axis, model)]
    if problems:
        raise ConfigError(problems)
    return tuple(axes)


def read_axes(given: Sequence[str], model: type[Settings]) -> tuple[list[Axis], list[str]]:
    """The axes that can be read, and a sentence for each that cannot; whether their values fit is not checked."""
    axes: list[Axis] = []
    problems: list[str] = []
    for text in given:
        try:
            axes.append(_axis(text, model))
        except ConfigError as error:
            problems += error.problems
    return axes, problems + repeated(axes)


def values_of(axis: Axis, setting: Setting) -> list[Any]:
    """The single values of an axis: its choices or its steps. Raises ConfigError for a range without steps."""
    if axis.choices:
        return list(axis.choices)
    low, high, step = axis.low or 0.0, axis.high or 0.0, axis.step
    if step is None or not 0 < step <= high - low or (high - low) / step >= MOST_VALUES:
        raise ConfigError([
            f"A grid needs single values of '{axis.path}', at most {MOST_VALUES:,}; got {axis.says}. Write"
            f" {axis.path}=A,B,… or {axis.path}=LOW:HIGH:STEP."
        ])  # fmt: skip
    values = [float(f"{low + i * step:.12g}") for i in range(int((high - low) / step + 1e-9) + 1)]
    return [_whole(value) for value in values] if setting.type is int else values


def read_value(text: str, model: type[Settings]) -> tuple[str, Any]:
    """(dotted path, value) of ``SETTING=VALUE``. Raises ConfigError where it cannot be read."""
    setting, value = _split(text, model, "SETTING=VALUE")
    return setting.path, _value(value, setting)


def _axis(text: str, model: type[Settings]) -> Axis:
    """One ``--vary``. Raises ConfigError where it cannot be read at all."""
    setting, values = _split(text, model, FORMS)
    is_text = setting.type is str and not setting.choices  # it may hold a colon: run:ID
    if is_text or ":" not in values:
        return Axis(path=setting.path, choices=tuple(_value(part.strip(), setting) for part in values.split(",")))
    low, high, *more = (part.strip() for part in values.split(":"))
    if len(more) > 1:
        raise ConfigError([f"'{text}' has too many colons; expected {FORMS}."])
    log = more == ["log"]
    step = None if log or not more else _number(more[0], text)
    return Axis(path=setting.path, low=_number(low, text), high=_number(high, text), log=log, step=step)


def _split(text: str, model: type[Settings], forms: str) -> tuple[Setting, str]:
    """The setting before the first ``=``, and the text behind it. Raises ConfigError."""
    name, _, values = text.partition("=")
    path = name.strip().replace("-", "_")  # as a flag of the setting writes it
    if not path or not values.strip():
        raise ConfigError([f"'{text}' is not a setting with values; expected {forms}."])
    setting = next((setting for setting in describe(model) if setting.path == path), None)
    if setting is None:
        raise ConfigError(axis_problems(Axis(path=path), model))
    return setting, values.strip()


def _value(text: str, setting: Setting) -> Any:
    """A value of the setting's type; a text that cannot be read so is left for the config to refuse."""
    if setting.path == "weights":
        return find_weights(text)
    if setting.optional and text.lower() in ("", "none"):
        return None
    if setting.type is bool:
        return {"true": True, "false": False}.get(text.lower(), text)
    number = _finite(text) if setting.type in (int, float) else None
    if number is None:
        return text
    return _whole(number) if setting.type is int else number


def _whole(number: float) -> float:
    """64.0 as 64; any other as it is."""
    return int(number) if number.is_integer() else number


def _number(text: str, whole: str) -> float:
    """A number of the ``--vary`` that is ``whole``. Raises ConfigError."""
    if (number := _finite(text)) is None:
        raise ConfigError([f"'{whole}': '{text}' is not a number; expected {FORMS}."])
    return number


def _finite(text: str) -> float | None:
    """A finite number, or None."""
    with suppress(ValueError):
        return number if isfinite(number := float(text)) else None
    return None
