"""Escaping of user text (file names, classes, names of runs, tags, notes, paths) for CSVs and terminals.

HTML is escaped by ``html.escape`` where it is written, Streamlit's Markdown by ``dashboard.words.plain``.
"""

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[^\S\t\r\n]*(?:\Z|[;\t\r\n])"
# Apostrophes, if any, before what a spreadsheet would calculate: at the start of a cell, and after ';' or a tab, which
# divide cells for some.
_BEFORE_FORMULA = re.compile(
    r"^'*(?=[\t\r\n])|(?:^|(?<=[;\t\r\n]))'*(?=(?:[^\S\t\r\n]|[\"\ufeff])*(?!" + _NUMBER + r")[=+\-@＝＋－＠])"
)
# Controls (C0, DEL, C1), marks that change the direction of text, line separators, halves of surrogate pairs.
_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def printable(text: str) -> str:
    """``text`` with bytes of a name that are no UTF-8 written out, so that it can be stored and shown."""
    return text.encode("utf-8", "backslashreplace").decode()


def csv_cell(text: str) -> str:
    """``text`` as a cell that no spreadsheet reads as a formula: with an apostrophe before =, +, -, @, tab or return.

    Source: OWASP, *CSV Injection*; full-width variants count too, and what follows ';' or a tab, where some
    spreadsheets begin a cell. A plain number such as -0.5 stays as it is. :func:`csv_text` undoes it exactly: a text
    that has such an apostrophe already gets a second one. Bytes of file names that are no UTF-8 are written out.
    """
    return _BEFORE_FORMULA.sub(lambda found: found[0] + "'", printable(text))


def csv_text(cell: str) -> str:
    """The text of a cell that :func:`csv_cell` has written; any other text stays as it is."""
    return _BEFORE_FORMULA.sub(lambda found: found[0][1:], cell) if "'" in cell else cell


def csv_of(table: "pd.DataFrame") -> str:
    """``table`` as CSV, the index left out: headings and texts by :func:`csv_cell`, lines ended as in RFC 4180.

    With that ending a carriage return inside a cell is quoted, so that every reader keeps the row together.
    """
    safe = table.set_axis([csv_cell(str(name)) for name in table.columns], axis=1)
    for at, kind in enumerate(table.dtypes):
        if kind.kind not in "biuf":  # of numbers, pandas keeps every digit and no other
            column = table.iloc[:, at].tolist()
            safe.isetitem(at, [csv_cell(value) if isinstance(value, str) else value for value in column])
    return safe.to_csv(index=False, lineterminator="\r\n")


def terminal_text(text: str) -> str:
    """``text`` with everything that a terminal would obey instead of show written out: ESC becomes ``\\x1b``."""
    return _OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def terminal_lines(text: str) -> str:
    """:func:`terminal_text` of several lines, which stay lines."""
    return "\n".join(map(terminal_text, text.split("\n")))


def terminal_json(value: Any) -> str:
    """``value`` as JSON that a terminal shows unchanged and a program reads exactly."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return "\n".join(_OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", line) for line in text.split("\n"))
