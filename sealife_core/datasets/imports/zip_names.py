"""The names of the entries of a zip, also if it does not say how they are encoded.

Only a flag of each entry says UTF-8. Without it the format means cp437, the code page of the first PCs; but the Finder
writes UTF-8, and Windows the code page of its language.
"""

import re
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Sequence

_UTF8_FLAG = 0x800
_UNICODE_PATH = 0x7075  # extra field of Info-ZIP and WinRAR: the name in UTF-8, beside the name in a code page
# Kana and their marks, Chinese characters, full-width punctuation; but no half-width kana and full-width letters, which
# names of other languages become when they are read as Japanese.
_JAPANESE = re.compile("[\u3000-\u303f\u3040-\u30ff\u4e00-\u9fff\uff08\uff09\uff01\uff1f\uff5e]+")
_BESIDE_LETTERS = re.compile(f"[A-Za-z]{_JAPANESE.pattern}|{_JAPANESE.pattern}[A-Za-z]")


def entry_names(entries: Sequence[zipfile.ZipInfo]) -> tuple[list[str], list[str]]:
    """The name of each entry, and notes for people if names had to be guessed.

    UTF-8 if all names are valid UTF-8 (other encodings hardly ever are), Japanese if all must be, else cp437.
    """
    names = [_promised(entry) for entry in entries]
    raw = {place: entries[place].orig_filename.encode("cp437") for place, name in enumerate(names) if name is None}
    encoding = _encoding_of(list(raw.values()))
    read = [name if name is not None else raw[place].decode(encoding) for place, name in enumerate(names)]
    if encoding == "utf-8":
        return [_ended(name) for name in read], []
    example = next(part for place in raw for part in read[place].split("/") if not part.isascii())
    how = "as Japanese (cp932)" if encoding == "cp932" else "as Western European (cp437)"
    return [_ended(name) for name in read], [
        f"The zip does not tell the encoding of its file names. They were read {how}: {example[:60]!r}. If this looks"
        " wrong, unpack the zip where it was made and import the folder, or pack it again with UTF-8 names."
    ]


def _promised(entry: zipfile.ZipInfo) -> str | None:
    """The name of an entry whose encoding is certain, else None."""
    if entry.flag_bits & _UTF8_FLAG or entry.orig_filename.isascii():
        return entry.orig_filename
    left = entry.extra
    while len(left) >= 4:
        kind, size = struct.unpack("<HH", left[:4])
        if kind == _UNICODE_PATH and size > 5 and left[4] == 1:
            # The checksum is of the plain name: a program that renamed the entry may not have known this field.
            if struct.unpack("<L", left[5:9])[0] == zlib.crc32(entry.orig_filename.encode("cp437")):
                return left[9 : 4 + size].decode("utf-8", "backslashreplace")
            return None
        left = left[4 + size :]
    return None


def _encoding_of(names: Sequence[bytes]) -> str:
    for encoding, fits in (("utf-8", lambda _: True), ("cp932", _is_japanese)):
        try:
            if all(fits(name.decode(encoding)) for name in names):
                return encoding
        except UnicodeDecodeError:
            continue
    return "cp437"


def _is_japanese(name: str) -> bool:
    """Whether ``name``, read as cp932, can hardly be anything else: "crâne" would be "crハe"."""
    rest = _JAPANESE.sub("", unicodedata.normalize("NFC", name))
    return rest.isascii() and rest.isprintable() and not _BESIDE_LETTERS.search(name)


def _ended(name: str) -> str:
    """``name`` up to a NUL, as zipfile reads it too."""
    return name.partition("\0")[0]
