"""A study of every combination of some values."""

from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from sealife_core.config import SIZES, TASKS, Part, StudyConfig, nested, preset
from sealife_core.errors import ConfigError
from sealife_core.studies.study_settings import Base, check_seeds, parse_study

GRID = "grid"
MOST_RUNS = 1000  # of a minute each, they train for a day
OF_THE_STUDY = ("seed", "data", "data_hash")  # a grid gives these to its runs itself


def build_grid(
    task: str,
    axes: Mapping[str, Sequence[Any]],
    *,
    data: str,
    data_hash: str = "",
    seeds: int = 1,
    preset_size: str = SIZES[1],
    values: Mapping[str, Any] | None = None,
    title: str = "",
) -> StudyConfig:
    """Every combination of ``axes`` (dotted path of a setting → values) as a run of ``task``, with each seed.

    ``values`` (dotted) override the preset of all of them. Raises ConfigError.
    """
    check_seeds(seeds)
    if taken := [name for name in OF_THE_STUDY if name in axes or name in (values or {})]:
        raise ConfigError([
            f"'{name}' can neither vary in a grid nor be set for it: choose the data set and the number of seeds of the"
            " whole study." for name in taken
        ])  # fmt: skip
    if (runs := seeds * prod(map(len, axes.values()))) > MOST_RUNS:
        raise ConfigError([f"The grid has {runs:,} runs; expected at most {MOST_RUNS:,}. Give fewer values or seeds."])
    parts = []
    for cell in product(*axes.values()):
        varied = dict(zip(axes, cell, strict=True))
        for seed in range(seeds):
            given = dict(values or {}) | varied | {"seed": seed, "data": data, "data_hash": data_hash}
            config = preset(task, preset_size, **nested(given))
            cell = {path: _cell_value(value) for path, value in varied.items()}
            named = ", ".join(f"{path} {value}" for path, value in cell.items())
            parts.append(Part(key=f"{named}, seed {seed}", config=config, cell=cell))
    base = Base(data, data_hash, preset_size, tuple(range(seeds)), ())
    return parse_study(title or f"{TASKS[task].title}: {', '.join(axes)}", GRID, tuple(axes), parts, base)


def _cell_value(value: Any) -> str | float:
    """A value as the table shows it: "true" for True, "none" for None."""
    return str(value).lower() if value is None or isinstance(value, bool) else value
