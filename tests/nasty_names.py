"""Names that have broken programs, for every test in which a name enters or leaves: one list, so none is forgotten.

``FILE_NAMES`` can be names of files and folders on Linux; ``TEXTS`` adds what only a form, a URL, a CSV cell or a
command line can bring. Import it as ``from tests.nasty_names import FILE_NAMES``.
"""

import unicodedata

NFC = unicodedata.normalize("NFC", "méduse")
NFD = unicodedata.normalize("NFD", "méduse")
NOT_UTF8 = b"m\xe9duse \xff".decode("utf-8", "surrogateescape")  # as Python hands over such a name
MOST_BYTES = 255  # of one part of a path, on every usual file system of Linux

FILE_NAMES: dict[str, str] = {
    "carriage return": "crab\rred",
    "carriage return at the end": "Icon\r",
    "line feed": "crab\nred",
    "both": "crab\r\nred",
    "tab": "crab\tred",
    "vertical tab and form feed": "crab\x0b\x0cred",
    "next line": "crab\x85red",
    "line and paragraph separator": "crab\u2028red\u2029",
    "escape sequence": "\x1b[31mred\x1b[0m",
    "escape sequence, title of the window": "\x1b]0;owned\x07",
    "escape sequence, one character": "\x9b31mred",
    "backspace and delete": "crab\x08\x7f",
    "formula": "=cmd|'C calc'!A0",
    "formula, plus": "+1+1",
    "formula, minus": "-2-3",
    "formula, at": "@SUM(A1)",
    "option": "--help",
    "option, short": "-rf",
    "double quotes": 'crab "red"',
    "single quotes": "crab's 'red'",
    "commas": "crab, red, large",
    "semicolons": "crab;red;large",
    "percent": "100%s %d %",
    "braces": "{0} {x} {",
    "dollar": "$HOME $(id) `id`",
    "markup": "<script>alert(1)<∕script>",
    "image markup": "<img src=x onerror=alert(1)>",
    "link": "[x](javascript:1)",
    "bold": "**crab** _red_ ~~x~~ :red[x] $a$",
    "rich markup": "[bold red]crab[ ]",
    "entity": "&copy; &lt;b&gt; &#x41;",
    "url": "a?b=c&d=e#f%2e%2e",
    "file address": "file:a",
    "windows path": "C:\\crab\\..\\red",
    "right-to-left override": "crab\u202egnp.exe",
    "zero width": "cr\u200bab",
    "zero-width joiner": "cr\u200dab",
    "soft hyphen": "cr\u00adab",
    "byte order mark": "\ufeffcrab",
    "no-break space": "crab\u00a0red",
    "composed": NFC,
    "decomposed": NFD + " two",
    "compatibility": "ﬁsh №①",
    "case": "CRAB",
    "dotted capital": "İstanbul ß ſ",
    "chinese": "海星" * 10,
    "255 bytes of chinese": "蟹" * 85,
    "255 bytes": "x" * MOST_BYTES,
    "emoji": "🦀👩‍🔬🏳️‍🌈",
    "combining": "Z̸͓̀a̷̰̐l̵̼̍g̶̭͐o̵̭͋",
    "device of windows": "con",
    "device of windows with an ending": "nul.txt",
    "dot at the end": "crab.",
    "blank at the end": "crab ",
    "blank at the start": " crab",
    "only blanks": "   ",
    "two dots and more": "...",
    "tilde": "~nosuchuser",
    "a class of the table": "file,label",
    "number": "1e400",
    "leading zeros": "007",
    "not a number": "NaN",
    "nothing": "None",
    "true": "true",
    "json": '{"a": null}',
    "yaml": "!!python os.system",
    "not utf-8": NOT_UTF8,
}
"""What it is → a name that a file or folder can have."""

TEXTS: dict[str, str] = FILE_NAMES | {
    "empty": "",
    "nul": "crab\0red",
    "slash": "crab/red",
    "slash at the start": "/etc/passwd",
    "here": ".",
    "above": "..",
    "way out": "../../etc/passwd",
    "script": "<script>alert(1)</script>",
    "long": "x" * 5_000,
    "80 chinese": "蟹" * 80,
    "lone surrogate": "crab\ud800",
    "unknown user": "~nosuchuser/x",
    "digits": "9" * 5_000,
}
"""The same and what no file system takes: for forms, URLs, CSV cells and command lines."""
