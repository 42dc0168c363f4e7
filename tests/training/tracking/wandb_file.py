"""Reads back what an offline run of Weights & Biases wrote: a log of protocol buffers in LevelDB's format."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BLOCK, FILE_HEADER, HEADER = 32_768, 7, 7
FULL, LAST = 1, 4


@dataclass
class Recorded:
    """One offline run. ``config`` and ``summary`` as they were last; ``history`` a dict a logged row."""

    folder: Path
    run: Any = None  # a RunRecord
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    axes: dict[str, str] = field(default_factory=dict)
    artifacts: dict[str, Any] = field(default_factory=dict)
    exit_code: int | None = None

    def rows(self, key: str) -> list[dict[str, Any]]:
        """The logged rows that have ``key``."""
        return [row for row in self.history if key in row]

    def file(self, key: str) -> Path:
        """The media file that was logged as ``key``."""
        (row,) = self.rows(key)
        return self.folder / "files" / row[key]["path"]


def read(run_folder: Path) -> Recorded:
    """What the one offline attempt of the run in ``run_folder`` recorded."""
    (file,) = (run_folder / "wandb").glob("offline-run-*/*.wandb")
    found = Recorded(file.parent)
    for record in records(file):
        kind = record.WhichOneof("record_type")
        if kind == "run":
            found.run = record.run
            _update(found.config, record.run.config.update)
        elif kind == "config":
            _update(found.config, record.config.update)
        elif kind == "summary":
            _update(found.summary, record.summary.update)
        elif kind == "history":
            row: dict[str, Any] = {}
            _update(row, record.history.item)
            found.history.append(row)
        elif kind == "metric" and record.metric.step_metric:
            found.axes[record.metric.glob_name or record.metric.name] = record.metric.step_metric
        elif kind == "artifact":
            found.artifacts[record.artifact.name] = record.artifact
        elif kind == "exit":
            found.exit_code = record.exit.exit_code
    return found


def records(file: Path) -> list[Any]:
    """Every Record of a ``.wandb`` file, in order."""
    from wandb.proto.wandb_internal_pb2 import Record  # half a second, which no worker pays that reads none

    data, at, held, found = file.read_bytes(), FILE_HEADER, b"", []
    assert data[:4] == b":W&B"
    while at + HEADER <= len(data):
        left = BLOCK - at % BLOCK
        if left < HEADER:
            at += left
            continue
        length, kind = int.from_bytes(data[at + 4 : at + 6], "little"), data[at + 6]
        held += data[at + HEADER : at + HEADER + length]
        at += HEADER + length
        if kind in (FULL, LAST):
            record = Record()
            record.ParseFromString(held)
            found.append(record)
            held = b""
    return found


def _update(tree: dict[str, Any], items: Any) -> None:
    for item in items:
        *parents, leaf = list(item.nested_key) or [item.key]
        branch = tree
        for parent in parents:
            branch = branch.setdefault(parent, {})
        branch[leaf] = json.loads(item.value_json)
