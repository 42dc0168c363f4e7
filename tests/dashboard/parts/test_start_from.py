"""What a form offers to start from: runs that nobody named have the same name, and each has to be there to choose."""

from pathlib import Path

from dashboard.parts.forms.start_from import sources
from sealife_core.config import preset
from sealife_core.runs.directory import create_run, list_runs
from sealife_core.runs.names import default_name
from sealife_core.runs.run import MODEL


def test_sources__of_the_same_name_are_told_apart(home: Path) -> None:
    runs = [create_run(preset(task), name=default_name(task, "reef")) for task in ("simclr", "simclr", "probe")]
    for run in runs:
        (run.path / MODEL).touch()
    words = sources(list_runs())
    assert len(set(words.values())) == 3
    assert words[f"run:{runs[2].id}"] == "Linear probe on reef"
