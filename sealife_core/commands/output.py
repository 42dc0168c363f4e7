"""How commands speak: readable tables and progress bars for people, one JSON document for programs."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text


class Output:
    """Writes results to stdout and everything else to stderr. Text of the user's is never read as markup."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        # A pipe has no width of its own: give tables room, so that a number is never cut.
        self._out = Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else 160)
        self._err = Console(markup=False, highlight=False, stderr=True)

    def result(self, value: Any, text: str = "") -> None:
        """The outcome of a command: ``value`` as JSON, or ``text``."""
        if self.as_json:
            print(json.dumps(value, indent=2, ensure_ascii=False, default=str))
        elif text:
            print(text)  # as it is: a console would fold lines that were laid out already

    def table(self, rows: list[dict[str, Any]], columns: dict[str, str], *, empty: str) -> None:
        """``rows`` as JSON, or as a table of ``columns`` (key → heading)."""
        if self.as_json:
            self.result(rows)
            return
        if not rows:
            self._out.print(empty)
            return
        table = Table(box=None, header_style="bold", pad_edge=False)
        for heading in columns.values():
            table.add_column(heading)
        for row in rows:
            table.add_row(*(Text(str(row.get(key, ""))) for key in columns))
        self._out.print(table)

    def say(self, text: str) -> None:
        """Something said on the way."""
        self._err.print(text)

    def problem(self, text: str) -> None:
        """A refusal, in the words of its error."""
        if self.as_json:
            print(json.dumps({"error": text}, ensure_ascii=False))
        self._err.print(Text(text, style="red"))

    @contextmanager
    def progress(self) -> Iterator[Callable[[str, int, int], None]]:
        """A bar on stderr; yields ``tell(stage, done, total)``."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self._err, transient=True) as bar:
            tasks: dict[str, Any] = {}

            def tell(stage: str, done: int, total: int) -> None:
                if stage not in tasks:
                    tasks[stage] = bar.add_task(stage, total=total)
                bar.update(tasks[stage], completed=done, total=total)

            yield tell
