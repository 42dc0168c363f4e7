"""How fast earlier runs trained on this machine: ``.rates.jsonl`` below the root of all runs, a row a measurement."""

import math
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from typing_extensions import Unpack

from sealife_core.models.facts import CURATED
from sealife_core.processes import host
from sealife_core.runs.contents import RATE_SHAPE, MeasuredRate
from sealife_core.runs.costs.devices import CPU
from sealife_core.runs.costs.stage_work import gmac_an_image
from sealife_core.runs.directory import runs_root
from sealife_core.runs.files import LineReader, append_line, mark

RATES = ".rates.jsonl"


def record_rate(root: Path | None, **measured: Unpack[MeasuredRate]) -> None:
    """Store a measured training rate. An image of a SimCLR run counts once, for both its views."""
    if math.isfinite(measured["images_per_s"]) and measured["images_per_s"] > 0:
        row = {"time": time.time(), "host": host(), **measured, "device": device_kind(str(measured["device"]))}
        append_line(runs_root(root) / RATES, row)


def nearest_rate(root: Path, device: str, wanted: dict[str, Any]) -> dict[str, Any] | None:
    """The measurement on this kind of device that is most like what is ``wanted``: a row of RATES, or None.

    wanted: kind, encoder, stem, image_size_px, precision and trained_stages, as in a row.
    """
    return _nearest(root / RATES, mark(root / RATES), device, tuple(wanted.items()))


def device_kind(device: str) -> str:
    """Of "cpu", "cuda", "cuda:1" …: "cpu" or "cuda"."""
    return CPU if device.startswith(CPU) else "cuda"


def gmac_of(row: dict[str, Any]) -> float:
    """10⁹ multiply-adds of one image of the measured run, both views of a SimCLR run included."""
    views = 2 if row["kind"] == "simclr" else 1
    return gmac_an_image(
        row["encoder"], row["stem"], row["image_size_px"], trained_stages=row["trained_stages"], views=views
    )


def distance(row: dict[str, Any], wanted: dict[str, Any]) -> float:
    """How unlike two measurements are: doublings of the pixels, one for each other difference, two for the encoder."""
    doublings = abs(2 * math.log2(row["image_size_px"] / wanted["image_size_px"]))
    other = sum(row[key] != wanted[key] for key in ("kind", "stem"))
    other += wanted["precision"] != "auto" and row["precision"] != wanted["precision"]
    other += abs(row["trained_stages"] - wanted["trained_stages"]) / 5
    return doublings + other + 2 * (row["encoder"] != wanted["encoder"])


@lru_cache(maxsize=256)  # a queue asks once for each run that waits
def _nearest(
    path: Path, marked: tuple[int, int, int], device: str, wanted: tuple[tuple[str, Any], ...]
) -> dict[str, Any] | None:
    """The measurement that is most like what is wanted; of equally near ones the latest, because machines change."""
    asked = dict(wanted)
    known = {*CURATED, asked["encoder"]}  # another network would have to be built to know what it costs
    here = [row for row in _rates(path, marked) if row["device"] == device and row["encoder"] in known]
    return min(reversed(here), key=lambda row: distance(row, asked), default=None)


@lru_cache(maxsize=4)
def _rates(path: Path, marked: tuple[int, int, int]) -> list[dict[str, Any]]:
    """The rates measured on this machine, oldest first; damaged rows are left out."""
    rows = (row for row in LineReader(path, RATE_SHAPE).poll() if row is not None)
    return [row for row in rows if row["host"] == host()]
