"""The examples in the README do what they say."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from sealife_core.config import chance_loss
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.embeddings.stored_embeddings import write_pairs
from tests.finished.runs import classifier_run, simclr_run

ROOT = Path(__file__).parents[2]


def examples() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def test_tree__names_every_folder_of_the_program():
    tree = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Where things are")[2].partition("## ")[0]
    inits = [path for program in ("dashboard", "sealife_core") for path in ROOT.glob(f"{program}/*/**/__init__.py")]
    folders = {path.parent for path in inits if path.parent.parent.name != "app_pages"}  # a folder a page
    assert len(folders) > 30
    assert [str(one.relative_to(ROOT)) for one in folders if not re.search(rf"\b{one.name}/", tree)] == []


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
    assert made["losses"].mean() < chance_loss(8), "ImageNet's features tell pairs apart"
    assert made["shares"].sum(dim=1).tolist() == pytest.approx([1] * 16)


@pytest.mark.slow
@pytest.mark.usefixtures("tiny_reef")
def test_notebook_example__of_invariance_and_crops_runs():
    made: dict[str, Any] = {}
    exec(examples()[2], made)
    hue, coverage = made["hue"], made["coverage"]
    assert hue.mean[0] == pytest.approx(1)
    assert hue.mean[-1] < 0.95, "ImageNet's features see colour"
    assert (hue.tenth <= hue.ninetieth + 1e-9).all()
    assert len(coverage.kept) == 500
    assert coverage.share[len(coverage.share) // 2].max() > coverage.share[0, 0], "crops contain the middle most often"


def test_notebook_example__of_a_run_while_it_learned_runs(tiny_reef: Dataset):
    run, draw = simclr_run(tiny_reef, snapshots=2), np.random.default_rng(0)
    for epoch, noise in enumerate((3.0, 0.1)):
        write_pairs(run.path, epoch, draw.normal(size=(20, 16)) + noise * draw.normal(size=(2, 20, 16)))
    made: dict[str, Any] = {}
    exec(examples()[3], made)
    start, end = np.subtract(made["positives"], made["negatives"])
    assert end > 0.9 > 0.5 > start
    assert [sum(shares) for both in made["histograms"] for shares in both] == pytest.approx([1] * 4)
