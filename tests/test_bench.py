"""The table of speed: what is kept, what is a regression, what a script that breaks does."""

import importlib
import json
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.process

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """bench.py over a folder of its own, with one topic: speed.py, which reads its value from speed.txt."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    module = importlib.import_module("bench")
    script = """
        import json, sys
        from pathlib import Path
        value = Path(__file__).with_suffix(".txt").read_text()
        print("something else that a library says")
        print(json.dumps({"what": "Speed", "value": float(value), "unit": "×", "aim": "≥ 5", "told": "a against b"}))
    """
    (tmp_path / "speed.py").write_text("\n".join(line.strip() for line in script.splitlines()))
    (tmp_path / "RESULTS.md").write_text(f"Before\n\n{module.BEGIN}\n\nold\n\n{module.END}\n\nAfter\n")
    monkeypatch.setattr(module, "HERE", tmp_path)
    monkeypatch.setattr(module, "TOPICS", ("speed",))
    monkeypatch.setattr(module, "EVERY", ("speed",))
    monkeypatch.setattr(module, "KEPT", tmp_path / "figures.json")
    monkeypatch.setattr(module, "RESULTS", tmp_path / "RESULTS.md")
    return module


def measured(bench: ModuleType, value: str, monkeypatch: pytest.MonkeyPatch, *flags: str) -> int:
    (bench.HERE / "speed.txt").write_text(value)
    monkeypatch.setattr("sys.argv", ["bench.py", *flags])
    with pytest.raises(SystemExit) as ended:
        bench.main()
    return int(ended.value.code or 0)


def test_bench__names_what_is_worse_by_more_than_a_fifth(bench, monkeypatch, capsys):
    assert measured(bench, "6.0", monkeypatch, "--keep") == 0
    assert measured(bench, "5.1", monkeypatch) == 0
    assert "Worse" not in capsys.readouterr().out
    assert measured(bench, "4.9", monkeypatch) == 1
    told = capsys.readouterr().out
    assert "Worse by more than 20%: Speed: 4.9 ×, kept 6" in told
    assert "4.9 × **missed**" in told


def test_bench__keeps_figures_and_replaces_its_part_of_the_results(bench, monkeypatch):
    measured(bench, "6.0", monkeypatch, "--keep")
    measured(bench, "7.5", monkeypatch)
    kept = json.loads(bench.KEPT.read_text())
    assert [figure["value"] for figure in kept["speed"]["figures"]] == [6.0]
    text = bench.RESULTS.read_text()
    assert text.startswith("Before\n")
    assert text.endswith("After\n")
    assert "| Speed | 6 × | ≥ 5 × | a against b |" in text
    assert "old" not in text


def test_bench__goes_on_after_a_script_that_breaks_and_keeps_nothing_of_it(bench, monkeypatch, capfd):
    measured(bench, "6.0", monkeypatch, "--keep")
    assert measured(bench, "no number", monkeypatch, "--keep") == 1
    assert "'speed' ended with an error" in capfd.readouterr().out
    assert json.loads(bench.KEPT.read_text())["speed"]["figures"][0]["value"] == 6.0


def test_figure__of_less_is_better(bench):
    figure = bench.Figure("Wait", 0.8, "s", "≤ 0.7")
    assert figure.met is False
    assert figure.worse_than(0.6)
    assert not figure.worse_than(0.7)
    assert bench.Figure("Cost", 3, "GB", "").met is None


def test_worse_than__takes_percent_as_a_share_that_is_lost(bench):
    lost = bench.Figure("slowdown", 2.0, "%", "≤ 3")
    assert not lost.worse_than(-7.0)
    assert not lost.worse_than(0.0)
    assert bench.Figure("slowdown", 30.0, "%", "≤ 3").worse_than(2.0)
