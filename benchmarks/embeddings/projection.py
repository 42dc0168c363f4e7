"""UMAP of 10,000 × 512 as a page asks for it, beside umap-learn's own fit with the same parameters.

    python -m benchmarks.embeddings.projection

Ours is asked for with ``request`` and waited for with ``find``, as a page does: a process of its own starts, imports,
reads, lays out, measures how far to trust the points, and writes. umap-learn's is a fresh process, too, which imports,
reads, fits and writes. Takes some minutes.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.measuring import Figure, alternating, main, ratio
from sealife_core.evaluation.embeddings.stored_embeddings import FILES, INDEX
from sealife_core.evaluation.projections.reduction import ProjectionSettings
from sealife_core.evaluation.projections.stored_projections import PROJECTIONS, find, request
from sealife_core.runs.files import replace_json

IMAGES, WIDTH, CLASSES = 10_000, 512, 23
LOOK_S, PATIENCE_S = 0.2, 900.0
OPENINGS = 5
OWN = """
import sys, warnings
import numpy as np
warnings.simplefilter("ignore")
from umap import UMAP
values = np.load(sys.argv[1])
points = UMAP(n_neighbors={neighbours}, n_components={dims}, min_dist={min_distance}, metric="{metric}",
              random_state={seed}, n_jobs=1).fit_transform(values)
np.save(sys.argv[2], points)
"""


def measure() -> Iterator[Figure]:
    settings = ProjectionSettings()
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        run.mkdir()
        np.save(run / FILES["h"], features())
        replace_json(run / INDEX, {"data": "none", "data_hash": "", "ids": [str(row) for row in range(IMAGES)]})
        taken = alternating({"ours": partial(ours, run, settings), "theirs": partial(theirs, run, settings)}, 2, warm=0)
        told = f"{median(taken['ours']):.1f} against {median(taken['theirs']):.1f} s, both from the start of a process"
        asked = f"UMAP of {IMAGES:,} × {WIDTH}"
        yield Figure(f"{asked}: against umap-learn's own", ratio(taken["ours"], taken["theirs"]), "×", "≤ 1.1", told)
        opened_s = alternating({"opened": partial(find, run, settings)}, OPENINGS)["opened"]
        yield Figure(f"{asked}, opened again", median(opened_s), "s", "≤ 0.3", "find, its points and facts read")


def features(images: int = IMAGES) -> np.ndarray:
    """(images, WIDTH) float32: overlapping classes, all numbers of the size that an encoder's have."""
    random = np.random.default_rng(0)
    centres = np.abs(random.normal(size=(CLASSES, WIDTH)))
    spread = random.normal(size=(images, WIDTH))
    return (centres[random.integers(0, CLASSES, images)] + spread).astype(np.float32)


def ours(run: Path, settings: ProjectionSettings) -> None:
    """Ask as a page does, and look until it is there."""
    shutil.rmtree(run / PROJECTIONS, ignore_errors=True)
    request(run, settings)
    until = time.monotonic() + PATIENCE_S
    while (found := find(run, settings)).state == "running" and time.monotonic() < until:
        time.sleep(LOOK_S)
    if found.state != "done":
        raise RuntimeError(f"The projection is {found.state} after {PATIENCE_S:.0f} s at most. {found.error}")


def theirs(run: Path, settings: ProjectionSettings) -> None:
    """umap-learn by itself."""
    code = OWN.format(**settings.model_dump())
    subprocess.run([sys.executable, "-c", code, str(run / FILES["h"]), str(run / "own.npy")], check=True)


if __name__ == "__main__":
    main(measure, __doc__)
