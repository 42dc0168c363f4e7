"""How cost grows with the images: seconds and the most memory of every part, at 1,000, 10,000 and 100,000 of them.

    python -m benchmarks.data.growth [--sizes 1000 10000 100000] [--only import checks …] [--home FOLDER]

The pictures are made for it: JPEGs of 64 px, each laid together from two places of a few hundred drawn photographs,
every hundredth saved once more at a lower quality. Each part of each size is a process of its own, imports not timed,
and its memory is the most that it (for pages: the server) ever held; mapped files that lie in memory count there, and
"own" leaves them out. SimCLR is trained for a fixed number of steps: a step costs the same whatever the number of
images, and "epoch" is every image in both views, without the network. The last column is what ten times the images cost
between the two largest sizes: about × 10 is the work itself, and what is more than × 12 is marked. Pages are opened in
headless Chromium over an untrained encoder that has embedded everything, and a probe and a fine-tune on a hundredth of
the labels (see screen/response_times.py), each once for the first time and then three times; their memory is the
server's so far.

100,000 images take half an hour and 3 GB of disk. A kept --home is used again: the pictures and the data set are there
then.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.data.growth_parts import PARTS, draw

SIZES = (1_000, 10_000, 100_000)
NEEDED = {"import"}  # by all others, which do what else they need themselves
TOO_MUCH = 12.0  # × for ten times the images


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="N")
    parser.add_argument(
        "--only", choices=list(PARTS), nargs="+", default=list(PARTS), metavar="PART", help=", ".join(PARTS)
    )
    parser.add_argument("--home", type=Path, help="a folder to keep for the next time")
    parser.add_argument("--part", choices=list(PARTS), help=argparse.SUPPRESS)  # what a process of its own is asked
    chosen = parser.parse_args()
    if chosen.part:
        for told in PARTS[chosen.part](chosen.home, chosen.sizes[0]):
            print(json.dumps(told), flush=True)
        return
    rows: dict[str, dict[int, dict]] = {}
    with tempfile.TemporaryDirectory() as fleeting:
        for size in sorted(chosen.sizes):
            home = (chosen.home or Path(fleeting)).resolve() / str(size)
            draw(home / "pictures", size)
            for part in PARTS:
                if part in chosen.only or (part in NEEDED and not (home / f"{part}.done").exists()):
                    for told in alone(part, home, size):
                        if part in chosen.only:
                            rows.setdefault(told["what"], {})[size] = told
                            print(f"{size:,}: {told['what']}: {cell(told)}", flush=True)
                    (home / f"{part}.done").touch()
            if chosen.home is None:
                shutil.rmtree(home)
    print("\n" + table(rows, sorted(chosen.sizes)))


def alone(part: str, home: Path, size: int) -> Iterator[dict]:
    """What a part says that runs in a process of its own."""
    program = [sys.executable, "-m", "benchmarks.data.growth"]
    command = [*program, "--part", part, "--home", str(home), "--sizes", str(size)]
    environment = os.environ | {"SEALIFE_HOME": str(home), "SEALIFE_READY_MINUTES": "0"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        yield from (json.loads(line) for line in process.stdout if line.startswith('{"what"'))
    if process.returncode:
        raise SystemExit(f"'{part}' of {size:,} images ended with {process.returncode}, above.")


def table(rows: dict[str, dict[int, dict]], sizes: list[int]) -> str:
    """What was measured as Markdown."""
    head = ["", *(f"{size:,}" for size in sizes), "× for ten times the images"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for what, told in rows.items():
        cells = [cell(told[size]) if size in told else "" for size in sizes]
        lines.append("| " + " | ".join([what, *cells, growth(told)]) + " |")
    return "\n".join(lines)


def cell(told: dict) -> str:
    """Images a second (of what is not of images: seconds) and memory."""
    speed = f"{told['images'] / told['seconds']:,.0f}/s" if told["images"] else f"{told['seconds']:.2f} s"
    own = f" ({told['own_gib']:.2f} own)" if told["own_gib"] else ""
    return f"{speed} · {told['gib']:.2f} GiB{own}"


def growth(told: dict[int, dict]) -> str:
    """The factor in seconds between the two largest sizes, for each ten times the images."""
    if len(told) < 2:
        return ""
    small, large = sorted(told)[-2:]
    factor = (told[large]["seconds"] / told[small]["seconds"]) ** (1 / math.log10(large / small))
    return f"× {factor:.1f}" if factor <= TOO_MUCH else f"**× {factor:.1f}**"


if __name__ == "__main__":
    main()
