"""Every figure of speed, measured side by side with its peer, as one table: ``make bench``.

    python -m benchmarks.bench [TOPIC …] [--photographs FOLDER] [--keep]

Each topic is a script of a folder here ("data.views") and runs in a process of its own; those that are asked of
photographs (one sub-folder a class) are left out where no FOLDER is named, or use drawn pictures. The table goes to the
screen; a figure that is worse than the kept one by more than a fifth is named, and the command then ends with 1. --keep
writes what was measured into figures.json (what the next time is held against) and RESULTS.md.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.measuring import WORSE, Figure, table

TOPICS = (
    "data.views",
    "embeddings.features",
    "embeddings.predicting",
    "training.loss",
    "data.importing",
    "training.probe",
    "training.speed",
    "training.kept_statistics",
    "training.crowded",
    "training.demo",
    "training.memory",
    "embeddings.projection",
    "screen.launch",
    "screen.watching",
    "screen.response_times",
    "screen.contrast",
    "screen.curation",
)
OF_PHOTOGRAPHS = (  # several hours
    "photographs.first_model",
    "photographs.imagenet_classes",
    "photographs.forecast",
    "photographs.time_to_accuracy",
    "photographs.continuation",
    "photographs.suspects",
    "photographs.label_queue",
    "photographs.few_labels",
)
OR_DRAWN = ("embeddings.features",)  # of photographs where their folder is named
EVERY = TOPICS + OF_PHOTOGRAPHS
KEPT = Path(__file__).with_name("figures.json")
RESULTS = Path(__file__).with_name("RESULTS.md")
BEGIN, END = "<!-- bench.py writes from here -->", "<!-- to here -->"
PACKAGES = ("torch", "torchvision", "pytorch-lightning", "streamlit", "plotly", "lightly", "scikit-learn", "umap-learn")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=f"all unless given: {', '.join(EVERY)}")
    parser.add_argument("--photographs", type=Path, metavar="FOLDER", help=f"for {', '.join(OF_PHOTOGRAPHS)}")
    parser.add_argument("--keep", action="store_true", help="keep the figures in figures.json and RESULTS.md")
    chosen = parser.parse_args()
    unknown = set(chosen.topics) - set(EVERY)
    if unknown:
        parser.error(f"no topic is called {', '.join(sorted(unknown))}; there are {', '.join(EVERY)}")
    unasked = set(chosen.topics) & set(OF_PHOTOGRAPHS)
    if unasked and not chosen.photographs:
        parser.error(f"{', '.join(sorted(unasked))}: asked of photographs; name their folder with --photographs FOLDER")

    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    regressed, broken = [], []
    for topic in chosen.topics or (EVERY if chosen.photographs else TOPICS):
        on_photographs = topic in OF_PHOTOGRAPHS or (topic in OR_DRAWN and chosen.photographs is not None)
        figures, code = measured(topic, [str(chosen.photographs)] if on_photographs else [])
        print(f"\n## {topic}\n\n{table(figures)}", flush=True)
        if code:
            broken.append(topic)
            continue
        before = {figure["what"]: Figure(**figure) for figure in kept.get(topic, {}).get("figures", [])}
        regressed += [(before[f.what], f) for f in figures if f.what in before and f.worse_than(before[f.what].value)]
        if chosen.keep:
            told = {"machine": machine(), "photographs": on_photographs}
            kept[topic] = told | {"figures": [vars(figure) for figure in figures]}
            KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
            write_results(kept)

    for old, new in regressed:
        print(f"Worse by more than {WORSE - 1:.0%}: {new.what}: {new.value:.3g} {new.unit}, kept {old.value:.3g}")
    for topic in broken:
        print(f"'{topic}' ended with an error, above. Run it alone: python -m benchmarks.{topic}")
    sys.exit(bool(regressed or broken))


def measured(topic: str, arguments: Sequence[str] = ()) -> tuple[list[Figure], int]:
    """The figures of one script, told as they come, and its exit code."""
    command = [sys.executable, "-m", f"benchmarks.{topic}", *arguments, "--json"]
    figures = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith('{"what"'):
                figures.append(Figure(**json.loads(line)))
                print(f"{figures[-1].what}: {figures[-1].value:.3g} {figures[-1].unit}", flush=True)
    return figures, process.returncode


def machine() -> str:
    """Where and with what this was measured, in one line."""
    names = [line.split(":")[1].strip() for line in cpu_lines() if line.startswith("model name")]
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    processor = f"{os.cpu_count()} cores ({(names or [platform.machine()])[0]})"
    return f"{time.strftime('%Y-%m-%d')} · {processor} · Python {platform.python_version()}, {packages}"


def cpu_lines() -> list[str]:
    """What Linux tells about its processors; nothing elsewhere."""
    told = Path("/proc/cpuinfo")
    return told.read_text().splitlines() if told.exists() else []


def write_results(kept: dict) -> None:
    """Every kept table into its place in RESULTS.md."""
    parts = [BEGIN]
    for topic in EVERY:
        if topic in kept:
            figures = [Figure(**figure) for figure in kept[topic]["figures"]]
            folder = " FOLDER" if kept[topic].get("photographs", topic in OF_PHOTOGRAPHS) else ""
            said = f"`python -m benchmarks.{topic}{folder}` · {kept[topic]['machine']}"
            parts.append(f"### {topic}\n\n{said}\n\n{table(figures)}")
    before, _, rest = RESULTS.read_text().partition(BEGIN)
    RESULTS.write_text(before + "\n\n".join(parts) + "\n\n" + END + rest.partition(END)[2])


if __name__ == "__main__":
    main()
