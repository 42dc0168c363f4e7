"""How fast earlier runs trained on this machine: ``.rates.jsonl`` below the root of all runs, a row a measurement."""

import math
import time
from collections import defaultdict, deque
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from typing_extensions import Unpack

from sealife_core.models.facts import CURATED
from sealife_core.processes import host
from sealife_core.runs.contents import RATE_SHAPE, MeasuredRate
from sealife_core.runs.costs.devices import CPU
from sealife_core.runs.costs.stage_work import gmac_an_image
from sealife_core.runs.directory import runs_root
from sealife_core.runs.files import FileMark, LineReader, append_line, mark

RATES = ".rates.jsonl"
# By how many times two quiet runs may differ in multiply-adds a second, for each difference between their settings; if
# by more, the slower one was disturbed. A doubling of the pixels makes 2 where each image takes the same time.
TIMES_A_DIFFERENCE = 2.5
# Besides, for another network or precision: ResNet18 does 6 times as many as EfficientNet-Lite0 on a processor.
TIMES_ANOTHER_NETWORK = 3.0
NEWEST = 20  # of the same settings: a machine can also become slower for good


def record_rate(root: Path | None, **measured: Unpack[MeasuredRate]) -> None:
    """Store a measured training rate. An image of a SimCLR run counts once, for both its views."""
    if math.isfinite(measured["images_per_s"]) and measured["images_per_s"] > 0:
        row = {"time": time.time(), "host": host(), **measured, "device": device_kind(str(measured["device"]))}
        append_line(runs_root(root) / RATES, row)


def nearest_rate(root: Path, device: str, wanted: dict[str, Any]) -> dict[str, Any] | None:
    """The measurement on this kind of device that is most like what is ``wanted``: a row of RATES, or None.

    Other programs make a run slower, never faster: of equally near ones the fastest counts, and a farther one where it
    is too fast for the nearer one to have had the machine to itself.

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
    other = sum(row[key] != wanted[key] for key in ("kind", "stem")) + _other_precision(row, wanted)
    other += abs(row["trained_stages"] - wanted["trained_stages"]) / 5
    return doublings + other + 2 * (row["encoder"] != wanted["encoder"])


@lru_cache(maxsize=256)  # a queue asks once for each run that waits
def _nearest(path: Path, marked: FileMark, device: str, wanted: tuple[tuple[str, Any], ...]) -> dict[str, Any] | None:
    asked = dict(wanted)
    known = {*CURATED, asked["encoder"]}  # another network would have to be built to know what it costs
    alike: defaultdict[tuple[Any, ...], deque[dict[str, Any]]] = defaultdict(lambda: deque(maxlen=NEWEST))
    for row in _rates(path, marked):
        if row["device"] == device and row["encoder"] in known:
            alike[tuple(row[key] for key in asked)].append(row)
    return max(chain.from_iterable(alike.values()), key=lambda row: _speed_at_least(row, asked), default=None)


def _speed_at_least(row: dict[str, Any], wanted: dict[str, Any]) -> float:
    """10⁹ multiply-adds a second that a quiet machine does of what is ``wanted``, at the least, if it did ``row``."""
    times = TIMES_A_DIFFERENCE ** distance(row, wanted)
    if row["encoder"] != wanted["encoder"] or _other_precision(row, wanted):
        times *= TIMES_ANOTHER_NETWORK
    return row["images_per_s"] * gmac_of(row) / times


def _other_precision(row: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return wanted["precision"] not in ("auto", row["precision"])


@lru_cache(maxsize=4)
def _rates(path: Path, marked: FileMark) -> list[dict[str, Any]]:
    """The rates measured on this machine, oldest first; damaged rows are left out.

    A run tells its rate after its first epoch, which may have been a fast moment, and at its end: then that counts.
    """
    rows = (row for row in LineReader(path, RATE_SHAPE).poll() if row is not None)
    here = [row for row in rows if row["host"] == host()]
    return list({row.get("run") or number: row for number, row in enumerate(here)}.values())
