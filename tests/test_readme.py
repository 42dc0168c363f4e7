"""The example in the README does what it says."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from sealife_core.datasets.dataset import Dataset
from tests.finished.runs import classifier_run


def test_notebook_example__runs(tiny_reef: Dataset):
    classifier_run(tiny_reef)
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    made: dict[str, Any] = {}
    exec(example, made)
    assert made["points"].shape == (len(tiny_reef), 2)
    assert isinstance(made["figure"], Figure)
    assert isinstance(made["table"], pd.DataFrame)
