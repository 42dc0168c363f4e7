"""What mattered in a search is weighed again only when one more trial has ended."""

from dataclasses import replace

import pytest

from dashboard.cache import searches
from sealife_core.runs.directory import create_run
from sealife_core.studies import search_results
from sealife_core.studies.search_results import Trial
from tests.studies.searches import asked


def test_importance__is_weighed_again_when_a_trial_ends(home, monkeypatch: pytest.MonkeyPatch) -> None:
    weighed: list[int] = []

    def importance(search, trials):
        weighed.append(len(trials))
        return {"learning_rate": 1 / len(weighed)}

    monkeypatch.setattr(search_results, "importance", importance)
    search = asked()
    run = create_run(search, name="search")
    trials = [Trial(1, {"learning_rate": 0.1}, "finished", 0.5, epochs=2), Trial(2, {"learning_rate": 0.2}, "running")]
    assert searches.importance(run, search, trials) == {"learning_rate": 1.0}
    further = [trials[0], replace(trials[1], epochs=1, curve={"1": 0.4})]
    assert searches.importance(run, search, further) == {"learning_rate": 1.0}, "one that runs does not count"
    ended = [trials[0], replace(further[1], state="pruned")]
    assert searches.importance(run, search, ended) == {"learning_rate": 0.5}
    other = create_run(search, name="another")
    assert searches.importance(other, search, ended) == {"learning_rate": 1 / 3}
    assert weighed == [2, 2, 2]
