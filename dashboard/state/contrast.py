"""Contrast: which part is shown, which encoder is looked through, which pictures."""

from contextlib import suppress
from typing import Any

from dashboard.state.keys import Key, UrlKey, UrlRuns, UrlValue

PART = UrlValue("section", "contrast", "pairs")
ENCODER = UrlValue("encoder", "contrast", "")
EPOCH_BOX = Key("contrast.epoch")
BATCH = UrlKey("batch")  # how many pictures
DRAWING = UrlValue("draw", "contrast", "0")  # which random views
SHUFFLE = UrlValue("shuffle", "contrast", "0")  # which random pictures
MATRIX = Key("contrast.matrix")
TEMPERATURES = 0.01, 10.0  # of the slider

# What the encoder ignores
ENCODERS = UrlRuns("encoders", "contrast")
ENCODERS_BOX = Key("contrast.encoders")
CHANGED_PICTURES = UrlKey("changed")
FEATURES = UrlKey("features")
MEASURE = UrlKey("measure")
POINT = UrlValue("point", "contrast", "crop.4")  # augmentation and level
CHARTS = Key("contrast.charts")

# While it learns
LEARNING_RUN = UrlRuns("run", "contrast")  # whose way is looked at
LEARNING_BOX = Key("contrast.run")
LEARNING = Key("contrast.learning")

# Break it
SWITCH = UrlValue("switch", "contrast", "")  # which part is broken
GUESS = UrlValue("guess", "contrast", "")  # what was predicted: "1,-1"
PREDICTION = Key("contrast.prediction")
BREAK = Key("contrast.break")

_TEMPERATURE = UrlValue("temperature", "contrast")
_ANCHOR = UrlValue("anchor", "contrast", "0")
_COMPARED = UrlValue("compared", "contrast")  # h or z


def looked_at(temperature: float, default_space: str) -> dict[str, Any]:
    """What of a batch the URL says is looked at; else the first view, at ``temperature``."""
    with suppress(ValueError):
        temperature = float(_TEMPERATURE.value)
    low, high = TEMPERATURES
    space = _COMPARED.value if _COMPARED.value in ("h", "z") else default_space
    return {"temperature": max(low, min(temperature, high)), "anchor": _ANCHOR.number, "space": space}


def look(at: dict[str, Any]) -> None:
    """Put into the URL what the browser says is looked at."""
    for key, name in ((_TEMPERATURE, "temperature"), (_ANCHOR, "anchor"), (_COMPARED, "space")):
        key.set(str(at[name]))
