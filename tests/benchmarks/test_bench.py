"""The table of speed: what is kept, what is a regression, what a script that breaks does."""

import json
import re
from pathlib import Path

import pytest

from benchmarks import bench
from benchmarks.measuring import Figure

pytestmark = pytest.mark.process

BENCHMARKS = Path(bench.__file__).parent


@pytest.fixture
def benchmarks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of benchmarks with one topic: speed.py, which reads its value from speed.txt."""
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    script = """
        import json, sys
        from pathlib import Path
        value = Path(__file__).with_suffix(".txt").read_text()
        print("something else that a library says")
        print(json.dumps({"what": "Speed", "value": float(value), "unit": "×", "aim": "≥ 5", "told": "a against b"}))
    """
    (folder / "speed.py").write_text("\n".join(line.strip() for line in script.splitlines()))
    (folder / "RESULTS.md").write_text(f"Before\n\n{bench.BEGIN}\n\nold\n\n{bench.END}\n\nAfter\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bench, "TOPICS", ("speed",))
    monkeypatch.setattr(bench, "EVERY", ("speed",))
    monkeypatch.setattr(bench, "KEPT", folder / "figures.json")
    monkeypatch.setattr(bench, "RESULTS", folder / "RESULTS.md")
    return folder


def measured(benchmarks: Path, value: str, monkeypatch: pytest.MonkeyPatch, *flags: str) -> int:
    (benchmarks / "speed.txt").write_text(value)
    monkeypatch.setattr("sys.argv", ["bench.py", *flags])
    with pytest.raises(SystemExit) as ended:
        bench.main()
    return int(ended.value.code or 0)


def test_bench__names_what_is_worse_by_more_than_a_fifth(benchmarks, monkeypatch, capsys):
    assert measured(benchmarks, "6.0", monkeypatch, "--keep") == 0
    assert measured(benchmarks, "5.1", monkeypatch) == 0
    assert "Worse" not in capsys.readouterr().out
    assert measured(benchmarks, "4.9", monkeypatch) == 1
    told = capsys.readouterr().out
    assert "Worse by more than 20%: Speed: 4.9 ×, kept 6" in told
    assert "4.9 × **missed**" in told


def test_bench__keeps_figures_and_replaces_its_part_of_the_results(benchmarks, monkeypatch):
    measured(benchmarks, "6.0", monkeypatch, "--keep")
    measured(benchmarks, "7.5", monkeypatch)
    kept = json.loads(bench.KEPT.read_text())
    assert [figure["value"] for figure in kept["speed"]["figures"]] == [6.0]
    text = bench.RESULTS.read_text()
    assert text.startswith("Before\n")
    assert text.endswith("After\n")
    assert "| Speed | 6 × | ≥ 5 × | a against b |" in text
    assert "old" not in text


def test_bench__goes_on_after_a_script_that_breaks_and_keeps_nothing_of_it(benchmarks, monkeypatch, capfd):
    measured(benchmarks, "6.0", monkeypatch, "--keep")
    assert measured(benchmarks, "no number", monkeypatch, "--keep") == 1
    assert "'speed' ended with an error" in capfd.readouterr().out
    assert json.loads(bench.KEPT.read_text())["speed"]["figures"][0]["value"] == 6.0


def test_figure__of_less_is_better():
    figure = Figure("Wait", 0.8, "s", "≤ 0.7")
    assert figure.met is False
    assert figure.worse_than(0.6)
    assert not figure.worse_than(0.7)
    assert Figure("Cost", 3, "GB", "").met is None


def test_worse_than__takes_percent_as_a_share_that_is_lost():
    lost = Figure("slowdown", 2.0, "%", "≤ 3")
    assert not lost.worse_than(-7.0)
    assert not lost.worse_than(0.0)
    assert Figure("slowdown", 30.0, "%", "≤ 3").worse_than(2.0)


def test_worse_than__takes_points_as_a_difference():
    below = Figure("most below random", -1.1, "points", "≤ 1")
    assert not below.worse_than(-1.14)
    assert not Figure("median error", 2.0, "points", "≤ 3").worse_than(1.1)
    assert below.worse_than(-2.2)
    assert Figure("gain", 0.5, "points", "≥ 0").worse_than(2.0)


def test_topics__are_scripts_that_tell_how_to_start_them():
    assert set(json.loads(bench.KEPT.read_text())) <= set(bench.EVERY)
    started = {path: path.read_text() for path in BENCHMARKS.rglob("*.py") if "__main__" in path.read_text()}
    named = {".".join(path.relative_to(BENCHMARKS).with_suffix("").parts): text for path, text in started.items()}
    assert set(bench.EVERY) < set(named)
    wrong = [name for name, text in named.items() if not re.search(rf"^    python -m benchmarks\.{name}\b", text, re.M)]
    assert wrong == []
