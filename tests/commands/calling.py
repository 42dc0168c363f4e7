"""A command as a program calls it."""

import json
from typing import Any

import pytest

from sealife_core.__main__ import main


def called(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> Any:
    """What the command prints as JSON."""
    assert main([*arguments, "--json"]) == status
    return json.loads(capsys.readouterr().out)
