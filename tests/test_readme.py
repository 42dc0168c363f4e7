"""The examples in the README do what they say."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure

from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast import similarities
from tests.finished.runs import classifier_run


def examples() -> list[str]:
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def test_notebook_example__of_figures_runs(tiny_reef: Dataset):
    classifier_run(tiny_reef)
    made: dict[str, Any] = {}
    exec(examples()[0], made)
    assert made["points"].shape == (len(tiny_reef), 2)
    assert isinstance(made["figure"], Figure)
    assert isinstance(made["table"], pd.DataFrame)


@pytest.mark.usefixtures("tiny_reef")
def test_notebook_example__of_contrasts_runs():
    made: dict[str, Any] = {}
    exec(examples()[1], made)
    assert made["losses"].shape == (16,)
    assert made["losses"].mean() < similarities.chance(16), "ImageNet's features tell pairs apart"
    assert made["shares"].sum(dim=1).tolist() == pytest.approx([1] * 16)
