"""Regular expressions that people type. Some take longer than a life on a name of 40 letters, and Python cannot stop
them; so they are matched in a process of its own, which ends after WITHIN_S."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from sealife_core.errors import DatasetError

WITHIN_S = 5.0  # 100,000 names take a tenth of it
_LONGEST = 500  # characters
_MATCH = """
import json, re, sys
asked = json.load(sys.stdin)
try:
    expression = re.compile(asked["expression"])
except (re.error, RecursionError, OverflowError) as error:
    json.dump({"problem": str(error)}, sys.stdout)
else:
    found = map(expression.search, asked["names"]) if expression.groups == 1 else ()
    json.dump({"groups": expression.groups, "found": [hit and hit[1] or "" for hit in found]}, sys.stdout)
"""


def matched(expression: str, names: Sequence[str]) -> list[str]:
    """What the one group "( )" of ``expression`` matches in each of ``names``; "" where nothing does.

    Raises DatasetError for an expression that is none, has not one group, or takes longer than WITHIN_S.
    """
    shown = expression[:100]
    if not expression or len(expression) > _LONGEST:
        raise DatasetError(f"A regular expression has 1 to {_LONGEST} characters; got {len(expression):,}.")
    asked = json.dumps({"expression": expression, "names": list(names)})
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _MATCH], input=asked, capture_output=True, text=True, timeout=WITHIN_S
        )
    except subprocess.TimeoutExpired:
        raise DatasetError(
            f"The regular expression '{shown}' takes too long. Avoid repetitions inside repetitions, such as (a+)+."
        ) from None
    answer: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {"problem": "it cannot be used"}
    if "problem" in answer:
        raise DatasetError(f"'{shown}' is no regular expression: {answer['problem']}.")
    if answer["groups"] != 1:
        raise DatasetError(
            f"The regular expression '{shown}' has {answer['groups']} groups; expected one: put ( ) around what names"
            " the group, and (?: ) around anything else."
        )
    return answer["found"]
