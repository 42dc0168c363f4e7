"""The metrics of a run, read while they grow."""

from pathlib import Path
from typing import Any

from sealife_core.runs.contents import ROW_SHAPE
from sealife_core.runs.files import LineReader


class MetricsReader:
    """Follows metrics.jsonl. ``rows``: those that count; ``skipped``: how many lines were damaged."""

    def __init__(self, path: Path) -> None:
        self.rows: list[dict[str, Any]] = []
        self._lines = LineReader(Path(path), ROW_SHAPE)

    @property
    def skipped(self) -> int:
        """How many lines could not be read."""
        return self._lines.skipped

    def poll(self) -> list[dict[str, Any]]:
        """Rows added since the last call. After a resume, rows that are done again leave ``rows``."""
        added: list[dict[str, Any]] = []
        for line in self._lines.poll():
            if line is None:  # the file was written anew
                self.rows, added = [], []
            elif (step := line.get("resumed_from")) is not None:
                self.rows = [row for row in self.rows if _step(row) <= step]
                added = [row for row in added if _step(row) <= step]
            else:
                self.rows.append(line)
                added.append(line)
        return added


def _step(row: dict[str, Any]) -> float:
    return row.get("step") or 0.0
