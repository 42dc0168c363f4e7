"""The whole path at its smallest: SimCLR on the reef, then a linear probe and a fine-tune of what it learned.

The dashboard's demo button and ``make demo`` both start it here.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from sealife_core.config import AnyConfig, preset
from sealife_core.datasets.dataset import Dataset, list_datasets, open_dataset
from sealife_core.places import checkpoints_root, data_root
from sealife_core.runs.directory import Run, create_run, source_of
from sealife_core.runs.queue import launch

REEF = "reef"
SIZE = "Quick look"
TAG = "demo"
NAMES = {"simclr": "Demo: SimCLR", "probe": "Demo: linear probe", "finetune": "Demo: fine-tune"}


def demo_configs(reef: Dataset, simclr_id: str) -> dict[str, AnyConfig]:
    """What the three runs are asked: a key of TASKS → its config. ``simclr_id`` is the run the other two start from."""
    first = _simclr_config(reef)
    # Probe and fine-tune look at images of the size that SimCLR learned from.
    common = {"data": reef.name, "data_hash": reef.content_hash, "image_size_px": first.image_size_px}
    return {
        "simclr": first,
        "probe": preset("probe", SIZE, weights=f"run:{simclr_id}", **common),
        "finetune": preset("finetune", SIZE, weights=f"run:{simclr_id}", **common),
    }


def ensure_reef(root: Path | None = None, progress: Callable[[str, int, int], None] | None = None) -> Dataset:
    """The reef, drawn if it is not there yet. ``root`` holds the data sets."""
    root = root or data_root()
    if REEF in list_datasets(root):
        return open_dataset(REEF, root)
    from sealife_core.datasets.reef import draw_reef

    return draw_reef(root, progress=progress)


def launch_demo(root: Path | None = None, data: Path | None = None) -> list[Run]:
    """Queue the three runs and return at once: SimCLR, linear probe, fine-tune. ``root`` holds the runs."""
    root = root or checkpoints_root()
    reef = ensure_reef(data)
    simclr = create_run(_simclr_config(reef), root=root, name=NAMES["simclr"], tags=(TAG,))
    configs = demo_configs(reef, simclr.id)
    runs = [simclr]
    runs += [create_run(configs[task], root=root, name=NAMES[task], tags=(TAG,)) for task in ("probe", "finetune")]
    for run in runs:
        launch(run)
    return runs


def _simclr_config(reef: Dataset) -> AnyConfig:
    return preset("simclr", SIZE, data=reef.name, data_hash=reef.content_hash)


def last_demo(runs: Sequence[Run]) -> list[Run]:
    """The latest demo among ``runs`` (newest first): SimCLR, linear probe, fine-tune; [] if there is none."""
    tagged = [run for run in runs if TAG in run.notes()["tags"]]
    first = next((run for run in tagged if "-simclr-" in run.id), None)
    if first is None:
        return []
    following = [run for run in tagged if source_of(run) == first.id]
    return [first, *sorted(following, key=lambda run: "-finetune-" in run.id)]
