"""Seconds from photographs to a first model, and how long a study of probes takes once features are stored.

    python -m benchmarks.photographs.first_model FOLDER

FOLDER: photographs, one sub-folder a class. Everything is done by the commands that a user has, in a home of its own:
an import, ``classify`` (Name my animals, with its evaluation and figures), and a grid of ``probe`` runs at seven label
budgets with five seeds each, which find the features of ``classify`` in their store. Each of the 35 is a whole run with
its process, predictions, figures and model.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measuring import Figure, arguments, tell_all
from sealife_core.config import preset

DATA, BUDGETS, SEEDS = "photographs", (1, 2, 5, 10, 20, 50, 0), 5


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("folder", type=Path)
    chosen = parser.parse_args()
    tell_all(measure(chosen.folder), chosen.json)


def measure(photographs: Path) -> Iterator[Figure]:
    with TemporaryDirectory() as home:
        _, seconds = carried_out(home, "import", str(photographs), "--name", DATA)
        yield Figure("Photographs imported", seconds, "s", "", "files copied, checked and decoded once")
        first, seconds = carried_out(home, "classify", DATA)
        told = f"{100 * first['accuracy']:.1f} % of {first['n']:,} test images"
        yield Figure("Name my animals, after the import", seconds, "s", "≤ 90", told)
        encoder = preset("classify")
        fixed = {"weights": "imagenet", "encoder": encoder.encoder, "image_size_px": encoder.image_size_px}
        _, seconds = carried_out(
            home, "study", "grid", "probe", "--data", DATA, "--seeds", str(SEEDS), "--follow",
            "--vary", "labels_per_class=" + ",".join(map(str, BUDGETS)),
            *(part for name, value in fixed.items() for part in ("--set", f"{name}={value}")),
        )  # fmt: skip
        runs = len(BUDGETS) * SEEDS
        told = f"{seconds / runs:.1f} s a run, with its process, predictions, figures and model"
        yield Figure(f"Study of {runs} probes, seven label budgets and five seeds", seconds, "s", "", told)


def carried_out(home: str, *words: str) -> tuple[dict[str, Any], float]:
    """What a command says in JSON, and how many seconds it took. Ends this process where it fails."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "sealife_core", *words, "--json"]
    done = subprocess.run(command, env=os.environ | {"SEALIFE_HOME": home}, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"'{' '.join(words)}' ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return json.loads(done.stdout), time.perf_counter() - began


if __name__ == "__main__":
    main()
