"""Minutes from a folder of photographs to 70, 75, 80 and 85 % on its test split: ours, fastai, a plain Lightning loop.

    python -m benchmarks.photographs.time_to_accuracy FOLDER [--minutes 5 20] [--peer-epochs 6] [--fastai SITE]

All start from the same ImageNet weights of EfficientNet-Lite0 and learn from the same training split of FOLDER (one
sub-folder a class), one after the other on the same cores, each in a process of its own whose clock starts with it.
Ours imports the folder, solves a linear probe, and fine-tunes from it, for each number of minutes from the start again;
a point is a whole run, its evaluation and figures with it. fastai (vision_learner, fine_tune with its defaults) and the
plain loop (a DataLoader of two workers, AdamW, one cycle, as in tutorials) get the files already split; a point is an
epoch, and their clocks stand still while they are tested. The test split chooses nothing.

fastai is no requirement: it is installed beside the environment, and left out where neither --fastai nor the
environment variable FASTAI names its folder:

    pip install --no-deps --target SITE fastai==2.8.12 fastcore fastdownload fasttransform 'fastprogress<1.1' \
        'plum-dispatch<2.10' beartype cloudpickle

A look at whether all of it runs: --images 60 --minutes 0.2 --peer-epochs 1 --size-px 64.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measuring import Figure, arguments, tell_all

REACHED = (0.70, 0.75, 0.80, 0.85)
A_CLASS = 10  # images, of a folder that is cut down: enough for three splits
SIDES = {"ours": "ours", "fastai": "fastai", "plain_loop": "a plain Lightning loop"}
BEGAN = time.perf_counter()


class Clock:
    """Minutes since this process began, but for what is paused."""

    def __init__(self) -> None:
        self._paused_s = 0.0

    @property
    def minutes(self) -> float:
        """So far."""
        return (time.perf_counter() - BEGAN - self._paused_s) / 60

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The block takes no time."""
        started = time.perf_counter()
        yield
        self._paused_s += time.perf_counter() - started


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, nargs="+", default=[5, 20], help="of our fine-tunes (default 5 20)")
    parser.add_argument("--peer-epochs", type=int, default=6, help="of fastai and the plain loop (default 6)")
    parser.add_argument("--size-px", type=int, default=224)
    parser.add_argument("--images", type=int, default=0, help="take so many images only, ten of a class")
    parser.add_argument("--fastai", type=Path, default=os.environ.get("FASTAI"), help="where fastai was installed")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.side:
        carry_out(chosen)
        return
    with TemporaryDirectory() as folder:
        home = Path(folder)
        if chosen.images:
            chosen.folder = cut_down(chosen.folder, home / "photographs", chosen.images)
        points: dict[str, list[dict[str, Any]]] = {}
        for number, minutes in enumerate(chosen.minutes):
            found = points_of("ours", chosen, home / str(number), minutes)
            points["ours"] = points.get("ours", []) + found[min(number, 1) :]  # the probe comes with each
        for side in SIDES:
            if side != "ours" and (side != "fastai" or chosen.fastai):
                points[side] = points_of(side, chosen, home / "0")
    tell_all(figures(points), chosen.json)


def points_of(side: str, chosen: argparse.Namespace, home: Path, minutes: float = 0) -> list[dict[str, Any]]:
    """What ``side`` reaches when, told as it comes: {"minutes", "accuracy", "what"}. home: of our data and runs."""
    for folder in ("data", "checkpoints"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    flags = [
        str(chosen.folder), "--side", side, "--size-px", str(chosen.size_px), "--peer-epochs", str(chosen.peer_epochs),
        "--minutes", str(minutes),
    ]  # fmt: skip
    site = [str(chosen.fastai)] if side == "fastai" else []
    path = os.pathsep.join([*site, *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = os.environ | {"SEALIFE_HOME": str(home), "PYTHONPATH": path}
    command = [sys.executable, "-m", "benchmarks.photographs.time_to_accuracy", *flags]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    found: list[dict[str, Any]] = []
    for line in process.stdout:
        if line.startswith('{"minutes"'):
            found.append(json.loads(line))
            point = found[-1]
            print(
                f"{SIDES[side]}, {point['what']}: {point['accuracy']:.3f} after {point['minutes']:.1f} min", flush=True
            )
    if process.wait():
        sys.exit(f"{SIDES[side]} ended with {process.returncode}; what it said stands above.")
    return found


def figures(points: dict[str, list[dict[str, Any]]]) -> Iterator[Figure]:
    """Minutes of each side to each accuracy, where it was reached, and the best accuracy of each.

    Of a peer that did not get there within its epochs, the aim takes the minutes that these took: it needs more.
    """
    peers = {side: of for side, of in points.items() if side != "ours"}
    for accuracy in REACHED:
        least = {side: minutes_to(accuracy, of) or max(point["minutes"] for point in of) for side, of in peers.items()}
        short = [SIDES[side] for side, of in peers.items() if minutes_to(accuracy, of) is None]
        for side, of in points.items():
            if (minutes := minutes_to(accuracy, of)) is None:
                continue
            ours = side == "ours" and peers
            aim = f"≤ {min(least.values()) / (2 if accuracy == 0.75 else 1):.3g}" if ours else ""
            told = f"{' and '.join(short)} did not get there" if ours and short else ""
            yield Figure(f"To {accuracy:.0%} on test: {SIDES[side]}", minutes, "min", aim, told)
    for side, of in points.items():
        best = max(of, key=lambda point: point["accuracy"])
        aim = "≥ 83" if side == "ours" else ""
        yield Figure(
            f"Best accuracy on test: {SIDES[side]}", 100 * best["accuracy"], "%", aim,
            f"{best['what']}, {best['minutes']:.1f} min",
        )  # fmt: skip


def minutes_to(accuracy: float, points: list[dict[str, Any]]) -> float | None:
    """When ``accuracy`` was first reached."""
    return min((point["minutes"] for point in points if point["accuracy"] >= accuracy), default=None)


def cut_down(folder: Path, target: Path, images: int) -> Path:
    """Copies of about ``images`` of the images of ``folder``, ten of a class, so that a look takes seconds."""
    for of_class in sorted(p for p in folder.iterdir() if p.is_dir())[: max(2, images // A_CLASS)]:
        (target / of_class.name).mkdir(parents=True)
        for file in sorted(of_class.iterdir())[:A_CLASS]:
            copyfile(file, target / of_class.name / file.name)
    return target


def carry_out(chosen: argparse.Namespace) -> None:
    """One side, in this process: a line for each point."""
    from benchmarks.photographs import accuracy_sides  # its libraries are imported while the clock goes

    clock = Clock()

    def tell(what: str, accuracy: float) -> None:
        print(json.dumps({"minutes": clock.minutes, "accuracy": accuracy, "what": what}), flush=True)

    getattr(accuracy_sides, chosen.side)(chosen, clock.paused, tell)


if __name__ == "__main__":
    main()
