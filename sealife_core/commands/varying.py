"""``--vary``: which settings vary, and over which values, as a shell writes it.

--vary learning_rate=1e-4:1e-2:log      from, to; by factors
--vary dropout=0:0.5                    from, to
--vary image_size_px=32:96:16           from, to; in steps of
--vary batch_size=32,64,128             these values
"""

import argparse
from collections.abc import Sequence
from typing import Any

from sealife_core.config import Axis, Setting, Settings, axis_problems, describe
from sealife_core.errors import ConfigError
from sealife_core.runs.names import find_weights

FORMS = "SETTING=LOW:HIGH, SETTING=LOW:HIGH:log, SETTING=LOW:HIGH:STEP or SETTING=A,B,…"


def add_vary(parser: argparse.ArgumentParser) -> None:
    """Add ``--vary`` to a command."""
    parser.add_argument(
        "--vary", action="append", default=[], required=True, metavar="SETTING=…",
        help=f"a setting (dotted: views.strength) and the values to try: {FORMS}; may be repeated",
    )  # fmt: skip


def varied(given: Sequence[str], model: type[Settings]) -> tuple[Axis, ...]:
    """What ``given`` says, for settings of ``model``. Raises ConfigError with a sentence for each problem."""
    settings = {setting.path: setting for setting in describe(model)}
    axes: list[Axis] = []
    problems: list[str] = []
    for text in given:
        try:
            axis = _axis(text, settings)
            found = axis_problems(axis, model)
        except ConfigError as error:
            problems += error.problems
        else:
            axes.append(axis)
            problems += found
    if problems:
        raise ConfigError(problems)
    return tuple(axes)


def _axis(text: str, settings: dict[str, Setting]) -> Axis:
    """One ``--vary``. Raises ConfigError where it cannot be read at all."""
    name, _, values = text.partition("=")
    path = name.strip().replace("-", "_")  # as a flag of the setting writes it
    if not path or not values.strip():
        raise ConfigError([f"--vary got '{text}', which is not a setting with values; expected {FORMS}."])
    setting = settings.get(path)
    is_text = setting is None or (setting.type is str and not setting.choices)  # it may hold a colon: run:ID
    if is_text or ":" not in values:
        return Axis(path=path, choices=tuple(_value(part.strip(), setting) for part in values.split(",")))
    low, high, *more = (part.strip() for part in values.split(":"))
    if len(more) > 1:
        raise ConfigError([f"--vary got '{text}', with too many colons; expected {FORMS}."])
    log = more == ["log"]
    step = None if log or not more else _number(more[0], text)
    return Axis(path=path, low=_number(low, text), high=_number(high, text), log=log, step=step)


def _value(text: str, setting: Setting | None) -> Any:
    """A value as the setting's type, if it can be read so; else the setting will say what is wrong with it."""
    if setting is None:
        return text
    if setting.path == "weights":
        return find_weights(text)
    if setting.optional and text.lower() in ("", "none"):
        return None
    if setting.type is bool:
        return {"true": True, "false": False}.get(text.lower(), text)
    try:
        number = float(text) if setting.type in (int, float) else None
    except ValueError:
        return text
    if number is None:
        return text
    return int(number) if setting.type is int and number == int(number) else number


def _number(text: str, whole: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError([f"--vary got '{whole}', but '{text}' is not a number; expected {FORMS}."]) from None
