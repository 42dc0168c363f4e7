"""The output of commands: tables and progress bars for people, one JSON document for programs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich import progress as rich_progress
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from sealife_core.durable import replace_file
from sealife_core.errors import ConfigError, SealifeError, disk_problem
from sealife_core.folders import path_of
from sealife_core.neutral import terminal_json, terminal_lines, terminal_text
from sealife_core.progress import Progress
from sealife_core.runs.files import plain


class Output:
    """Writes results to stdout and everything else to stderr.

    The user's text is never read as markup; control sequences of a terminal in it are written out.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        # A pipe has no width: give tables enough room that no number is cut.
        self._out = Console(markup=False, emoji=False, highlight=False, width=None if sys.stdout.isatty() else 160)
        self._err = Console(markup=False, emoji=False, highlight=False, stderr=True)

    def result(self, value: Any, text: str = "") -> None:
        """Print the result of a command: ``value`` as JSON, or ``text``."""
        if self.as_json:
            print(terminal_json(plain(value, str)))  # names as they are, for programs
        elif text:
            print(terminal_lines(text))  # not by rich, which would wrap lines

    def table(self, rows: list[dict[str, Any]], columns: dict[str, str], *, empty: str) -> None:
        """Print ``rows`` as JSON, or as a table of ``columns`` (key → heading)."""
        if self.as_json:
            self.result(rows)
            return
        if not rows:
            self._out.print(terminal_text(empty))
            return
        table = Table(box=None, header_style="bold", pad_edge=False)
        for heading in columns.values():
            table.add_column(Text(terminal_text(heading)))
        for row in rows:
            table.add_row(*(Text(terminal_text(str(row.get(key, "")))) for key in columns))
        self._out.print(table)

    def say(self, text: str) -> None:
        """Print a message that is not the result."""
        self._err.print(terminal_lines(text))

    def problem(self, text: str) -> None:
        """Print the message of an error."""
        if self.as_json:
            print(terminal_json({"error": text}))
        self._err.print(Text(terminal_lines(text), style="red"))

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """A progress bar on stderr; yields ``tell(stage, done, total)``."""
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with rich_progress.Progress(*columns, console=self._err, transient=True) as bar:
            tasks: dict[str, Any] = {}

            def tell(stage: str, done: int, total: int) -> None:
                if stage not in tasks:
                    tasks[stage] = bar.add_task(terminal_text(stage), total=total)
                bar.update(tasks[stage], completed=done, total=total)

            yield tell


def at_least(least: int, option: str, value: int) -> None:
    """Raises ConfigError if the ``value`` of an ``option`` is lower."""
    if value < least:
        raise ConfigError([f"'{option}' is {value}; expected {least} or more."])


def destination(name: str | Path, option: str) -> Path:
    """The file that ``option`` (such as "--csv") names. Raises SealifeError unless its folder exists."""
    path = path_of(name).absolute()
    if path.is_dir():
        raise ConfigError([f"'{option}' got the folder '{path}'; expected a file. Add a file name."])
    if not path.parent.is_dir():
        raise ConfigError([f"'{option}' got a file in '{path.parent}', but there is no such folder. Create it first."])
    return path


def write_file(path: Path, text: str, option: str) -> None:
    """Write the file of ``option`` completely or not at all. Raises SealifeError if it cannot be written."""
    try:
        if path.exists() and not path.is_file():  # /dev/stdout and the like are written to, never replaced
            path.write_text(text, encoding="utf-8", newline="")
        else:
            replace_file(path.resolve(), text)
    except OSError as error:
        what, _ = disk_problem(error) or (f"{error}.", "")
        raise SealifeError(f"'{path}' cannot be written. {what} Choose another file with {option}.") from None
