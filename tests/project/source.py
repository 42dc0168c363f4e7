"""The program's own source, for tests that read it."""

import ast
import gc
import re
from pathlib import Path


def nodes_of(file: Path, where: str = "") -> list[ast.AST]:
    """All nodes of the syntax tree of ``file``, none if its text does not match the pattern ``where``.

    They are many objects, none of them garbage, so none is looked for meanwhile. While tests are collected it is not
    looked for at all, and stays so.
    """
    text = file.read_text(encoding="utf-8")
    if not re.search(where, text):
        return []
    collects = gc.isenabled()
    gc.disable()
    try:
        return list(ast.walk(ast.parse(text)))
    finally:
        if collects:
            gc.enable()
