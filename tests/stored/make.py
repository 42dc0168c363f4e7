"""Makes the stored home of a release: ``python tests/stored/make.py 0.1.0`` (some five minutes on two cores).

Everything goes through the command line, as a user would; what a README beside this names is then taken out.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torchvision.models import ResNet50_Weights, resnet50

PROJECT = Path(__file__).resolve().parents[2]
LARGE = 1024  # numbers in an array from which on it is set to zero
LARGE_OF_RESNET50 = 300
QUICK = ("--preset", "Quick look", "--threads", "1")
ELSEWHERE = "/home/ada/sealife"


def main(version: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        os.environ |= {"SEALIFE_HOME": str(home), "TORCH_HOME": folder, "SEALIFE_READY_MINUTES": "0"}
        make_data(Path(folder))
        make_runs(home / "checkpoints", Path(folder))
        for file in sorted(home.rglob("*")):
            if file.is_file():
                shrink(file, folder)
        packed = Path(__file__).parent / f"home-{version}.tar.xz"
        sparse = Path(folder) / "sparse"  # zeros become holes, which take no room once unpacked
        subprocess.run(["cp", "-a", "--sparse=always", home, sparse], check=True)
        tar = ["tar", "--sparse", "--format=posix", "--sort=name", "--owner=0", "--group=0", "--numeric-owner"]
        subprocess.run([*tar, "-cJf", packed, "checkpoints", "data"], cwd=sparse, check=True)
        print(f"{packed.name}: {packed.stat().st_size / 1e6:.2f} MB")


def make_data(folder: Path) -> None:
    """The reef, and pictures with groups, without labels and one that is broken."""
    rng = np.random.default_rng(0)
    colours = {"crab": (200, 60, 40), "ray": (60, 90, 200), "öre": (60, 180, 90), "": (120, 120, 120)}
    lines = ["file,label,group"]
    for number in range(27):
        label = ("crab", "ray", "öre")[number % 3] if number < 24 else ""
        pixels = np.array(colours[label]) + rng.normal(0, 12, (6, 8, 3)).cumsum(0)
        name = f"dive {number:02}.jpg"
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).resize((40, 30)).save(folder / name, quality=60)
        lines.append(f"{name},{label},{f'dive {number // 2}' if number < 12 else ''}")
    (folder / "broken.jpg").write_bytes(b"no picture")
    (folder / "walk.csv").write_text("\n".join([*lines, "broken.jpg,crab,"]) + "\n")
    sealife("reef", "--images", "40", "--size-px", "32")
    for name in ("walk", "gone"):
        sealife("import", str(folder / "walk.csv"), "--name", name, "--image-size-px", "32")
    sealife("data", "delete", "gone")


def make_runs(root: Path, folder: Path) -> None:
    """A run of each kind that finishes, then those that do not."""
    weights = folder / "hub" / "checkpoints"
    weights.mkdir(parents=True)
    torch.manual_seed(0)
    torch.save(resnet50().state_dict(), weights / ResNet50_Weights.DEFAULT.url.rsplit("/", 1)[1])
    sealife("recipes", "save", "Dusk", "--from", "Mild", "--hue", "0.02")
    reef, walk, small = ("--data", "reef"), ("--data", "walk"), ("--image-size-px", "32")
    views = ("--recipe", "Dusk", "--monitor-every", "1", "--tag", "thesis")
    simclr = train("simclr", "SimCLR", *reef, "--epochs", "2", "--batch-size", "16", *views)
    sealife("runs", "note", simclr, "--notes", "half the colour")
    train("probe", "Probe", "--from", simclr)
    train("finetune", "Fine-tune", "--from", simclr, "--epochs", "2", "--batch-size", "16")
    train("scratch", "From scratch, öre", *walk, "--epochs", "2", "--batch-size", "8", "--loss", "focal")
    train("resnet50", "Transfer", *walk, "--epochs", "1", "--batch-size", "8", *small)
    train("embed", "Untrained", *reef, "--weights", "random", *small)
    varied, source = ("--vary", "label_fraction=50,100"), ("--set", f"weights=run:{simclr}")
    study = ("--name", "How many labels", *reef, "--preset", "Quick look", "--seeds", "2")
    sealife("study", "grid", "probe", *varied, *source, *study, "--follow")
    rate = ("--vary", "learning_rate=1e-4:1e-2:log", "--trials", "3", "--name", "Rate")
    probed = ("--from", simclr, *QUICK[:2], "--optimiser", "adamw", "--epochs", "3")
    sealife("search", "probe", *probed, *rate, "--follow")
    sealife("runs", "delete", train("embed", "Deleted", *reef, "--weights", "random", *small))
    wrong = f"file:{root / simclr / 'model.safetensors'}"
    train("resnet50", "Failed", *walk, "--weights", wrong)
    long = ("--epochs", "400", "--batch-size", "16", "--monitor-every", "100")
    stopped = train("simclr", "Stopped SimCLR", *reef, *long, follow=False)
    await_file(root / stopped / "last.ckpt")
    sealife("runs", "stop", stopped)
    sealife("runs", "follow", stopped)
    killed = train("scratch", "Killed", *walk, "--epochs", "1000", "--patience", "0", "--batch-size", "8", follow=False)
    await_file(root / killed / "last.ckpt")
    os.kill(json.loads((root / killed / "process.json").read_text())["pid"], signal.SIGKILL)
    time.sleep(5)  # the dispatcher notes the end, and goes


def sealife(*words: str) -> str:
    run = subprocess.run([sys.executable, "-m", "sealife_core", *words], cwd=PROJECT, capture_output=True, text=True)
    print(" ".join(words), "→", run.returncode, run.stderr.strip()[-200:], flush=True)
    return run.stdout


def train(task: str, name: str, *words: str, follow: bool = True) -> str:
    sealife("train", task, "--name", name, *QUICK, *words, *(["--follow"] if follow else []))
    return json.loads(sealife("runs", "list", "--json"))[0]["id"]


def await_file(path: Path) -> None:
    while not path.exists():
        time.sleep(0.1)


def shrink(file: Path, folder: str) -> None:
    """Keep what a reader looks at; let go of what only fills the disk or names this machine."""
    large = LARGE_OF_RESNET50 if "resnet50" in str(file) else LARGE
    if file.name.startswith((".dispatcher", ".precision", ".ready", "pixels-")) or file.suffix in (".lock", ".png"):
        file.unlink()
    elif file.suffix == ".safetensors":
        with safe_open(file, "pt") as opened:
            metadata = opened.metadata()
        save_file(without_numbers(load_file(file), large, folder), file, metadata=metadata)
    elif file.suffix == ".ckpt":
        torch.save(without_numbers(torch.load(file, weights_only=True), large, folder), file)
    elif file.suffix == ".npz":
        arrays = np.load(file)
        np.savez(file, **{k: np.zeros_like(arrays[k]) if arrays[k].size > large else arrays[k] for k in arrays})
    elif file.suffix in (".json", ".jsonl", ".txt"):
        told = re.sub(r'"host": "[^"]*"', '"host": "ada-laptop"', neutral(file.read_text(), folder))
        file.write_text(told)


def without_numbers(value: Any, large: int, folder: str) -> Any:
    """``value`` with its large tensors set to zero and its paths replaced."""
    if isinstance(value, torch.Tensor):
        return torch.zeros_like(value) if value.numel() > large and value.is_floating_point() else value.clone()
    if isinstance(value, dict):
        return {without_numbers(k, large, folder): without_numbers(v, large, folder) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(without_numbers(item, large, folder) for item in value)
    return neutral(value, folder) if isinstance(value, str) else value


def neutral(text: str, folder: str) -> str:
    for path in (f"{folder}/home", str(PROJECT), folder, sys.base_prefix):
        text = text.replace(path, ELSEWHERE)
    return text


if __name__ == "__main__":
    main(sys.argv[1])
