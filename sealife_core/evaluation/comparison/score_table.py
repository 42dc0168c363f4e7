"""Compared runs as a table for a terminal."""

from collections.abc import Mapping, Sequence

from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow
from sealife_core.models.facts import title_of
from sealife_core.wording import duration


def as_text(rows: Sequence[ComparisonRow]) -> str:
    """``rows`` as a table for a terminal, as wide as necessary."""
    if not rows:
        return "No run has been tested yet. Train a classifier: its test accuracy appears here when it finishes."
    table = [
        {
            "Run": row.name if row.comparable else f"{row.name} *",
            "Method": f"{row.method}, {row.fewer_labels}" if row.fewer_labels else row.method,
            "Encoder": title_of(row.encoder),
            "From": row.source,
            "Data": row.data,
            "Test": f"{row.n:,}",
            "Accuracy": with_interval(row.accuracy, row.low, row.high),
            "Macro-F1": with_interval(row.macro_f1, row.macro_f1_low, row.macro_f1_high),
            "Top-3": "–" if row.top3 is None else f"{row.top3:.3f}",
            "Chance": f"{row.chance:.3f}",
            "Time": duration(row.train_s),
        }
        for row in rows
    ]
    notes = [f"* {row.name}: {row.why_not}" for row in rows if not row.comparable]
    return "\n".join([_table(table), *notes, "In brackets: 95 % intervals."])


def with_interval(value: float, low: float, high: float) -> str:
    """``0.645 [0.593, 0.694]``."""
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _table(rows: Sequence[Mapping[str, str]]) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*rows[0], box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row.values()))  # Text: a name with [brackets] is no markup
    console = Console(width=10_000, color_system=None)  # wide enough never to cut a figure
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().split("\n")).strip("\n")
