from pathlib import Path

from sealife_core.config import SimclrConfig, preset
from sealife_core.runs.costs.estimates import estimate
from sealife_core.runs.directory import create_run
from sealife_core.runs.scheduling.spawning import PROJECT
from sealife_core.runs.writer import RunWriter
from sealife_core.training.hardware import Hardware
from sealife_core.training.preparation import git_revision, note_rate


def test_note_rate__of_a_whole_run_replaces_that_of_its_first_epoch(tmp_path: Path) -> None:
    config = preset("simclr")
    assert isinstance(config, SimclrConfig)
    for views_per_s in ((900.0, 100.0), (16.0, 15.0)):  # the second was disturbed all along
        run = RunWriter(create_run(config, root=tmp_path))
        run.environment(stem="imagenet")
        for rate in views_per_s:
            note_rate(config, run, Hardware("cpu", "fp32"), rate)
    assert estimate(config, 1000, tmp_path).basis.startswith(
        "measured 50 images/s of ResNet18 at 64 px in a simclr run"
    )


def test_git_revision__is_that_of_this_program_and_of_no_clone_around_it() -> None:
    assert len(git_revision()) == (40 if (PROJECT / ".git").exists() else 0)
    assert git_revision(PROJECT / "sealife_core") == ""
