"""The program's own source, for tests that read it."""

import ast
import gc
from pathlib import Path


def nodes_of(file: Path) -> list[ast.AST]:
    """All nodes of the syntax tree of ``file``: many objects, none of them garbage, so none is looked for meanwhile."""
    gc.disable()
    try:
        return list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    finally:
        gc.enable()
