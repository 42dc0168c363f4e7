"""Finished runs with every file but the model's, given as plain values."""

import json
from pathlib import Path
from typing import Any

from sealife_core.config import StudyConfig, preset
from sealife_core.durable import is_temporary, replace_file
from sealife_core.runs.directory import create_run
from sealife_core.runs.files import replace_json
from sealife_core.runs.run import Run

SCORES = {
    "n": 3, "chance": 0.5, "accuracy": 0.67, "accuracy_low": 0.2, "accuracy_high": 0.9, "macro_f1": 0.6,
    "macro_f1_low": 0.1, "macro_f1_high": 0.9, "top3": None, "balanced_accuracy": 0.6, "ece": 0.1,
    "per_class": [{"label": "crab", "n": 2, "precision": 1.0, "recall": 0.5, "f1": 0.6}], "confusion": [[1, 1], [0, 1]],
}  # fmt: skip
FILES: dict[str, dict[str, Any]] = {
    "status.json": {
        "state": "finished", "attempt": 1, "message": "finished", "stage": "", "queued": 1.7e9, "started": 1.7e9,
        "ended": 1.7e9 + 9, "heartbeat": 1.7e9 + 9, "error": {"what": "x", "next": "y"}, "warnings": ["careful"],
        "epoch": 2.0, "epochs": 2, "step": 8, "steps": 8,
    },
    "notes.json": {"name": "A name", "tags": ["a"], "notes": "text", "study": ""},
    "process.json": {
        "attempt": 1, "device": "cpu", "started": 1.7e9, "command": ["python"], "pid": 2**22 + 1, "start_time": 1.7e9,
        "start_ticks": 9, "boot": "b", "host": "h", "exit_code": 0, "ended": 1.7e9,
    },
    "environment.json": {
        "versions": {"torch": "2"}, "device": "cpu", "devices": 1, "precision": "fp32", "threads": 1, "cores": 2,
        "images": {"train": 2}, "chance_accuracy": 0.5, "chance_loss": 3.4, "stem": "small", "labels_used": 2,
        "rarest_class": "crab", "cache_size_px": 32, "tracking": {"wandb_url": "https://x.example"},
    },
    "results.json": {
        "val": SCORES | {"knn_accuracy": 0.5, "knn_low": 0.1, "knn_high": 0.9, "alignment": 1.2},
        "test": SCORES, "test_hash": "t", "train_s": 3.5, "parameters_trained": 9, "method": "fine-tune",
    },
}  # fmt: skip
ROWS = [
    {"step": 4, "epoch": 1.0, "time": 1.7e9, "train/loss": 2.0},
    {"step": 8, "epoch": 2.0, "time": 1.7e9 + 30, "val/accuracy": 0.5},
    {"resumed_from": 4},
    {"step": 40, "epoch": 2.0, "time": 1.7e9 + 60, "train/loss": 1.0},
]


def files_of(run: Run) -> list[Path]:
    """Every file of the run, sorted, but those that a killed worker was writing."""
    return sorted(path for path in run.path.rglob("*") if path.is_file() and not is_temporary(path.name))


def whole_run(root: Path, kind: str = "finetune") -> Run:
    """A finished run of that kind, with every file but the model's; "study" is a study of one part."""
    if kind == "study":
        part = {"key": "a", "config": preset("scratch").model_dump(), "cell": {"stages": 1}}
        config = StudyConfig.model_validate(
            {"title": "t", "question": "depth", "data": "reef", "axes": ["stages"], "parts": [part]}
        )
    else:
        config = preset(kind, **({"weights": "random"} if kind == "simclr" else {"weights": "run:gone"}))
    run = create_run(config, root=root)
    for name, content in FILES.items():
        replace_json(run.path / name, content)
    write_rows(run, ROWS)
    return run


def write_rows(run: Run, rows: list[Any]) -> None:
    replace_file(run.path / "metrics.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
