"""Which runs can be compared with each other, and why others cannot."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sealife_core.config import AnyConfig, ClassifierConfig, marked, source_run
from sealife_core.runs.directory import noted_run
from sealife_core.runs.run import Run


@dataclass(frozen=True)
class Candidate:
    """A classifier run that may be compared. ``test_hash`` is "" until it has been tested."""

    run_id: str
    name: str
    method: str
    data: str
    n: int
    test_hash: str
    state: str
    broken: str = ""

    def why_not(self, test_hash: str) -> str:
        """Why it cannot be compared on the test images of ``test_hash``; "" if it can."""
        if self.broken:
            return not_compared(self.broken)
        if not self.test_hash:
            return {
                "finished": "it has no test images: its data set has no labelled test split",
                "stopped": "stopped before its test",
                "running": "still training; it is tested when it ends",
                "queued": "still waiting; it is tested when it ends",
            }.get(self.state, f"{self.state}, so it was never tested")
        if self.test_hash != test_hash:
            return f"tested on other images or labels: {self.n:,} of {self.data}"
        return ""


def not_compared(broken: str) -> str:
    """Why a run with that part broken has no place among others."""
    return f"broken on purpose ({broken}), so its score says nothing about the method"


@dataclass(frozen=True)
class ImageSet:
    """The test images of one or more runs. ``runs``: how many."""

    test_hash: str
    data: str
    n: int
    runs: int


def candidates(runs: Sequence[Run]) -> list[Candidate]:
    """The classifiers among ``runs``, in their order; damaged ones are left out."""
    found = []
    for run, config in readable_configs(runs):
        if not isinstance(config, ClassifierConfig):
            continue
        results = run.results() or {}
        test = results.get("test") or {}
        n = 0 if test.get("accuracy") is None else test.get("n") or 0
        found.append(
            Candidate(
                run.id, run.notes()["name"], config.method, config.data, n,
                results.get("test_hash") or "" if n else "", "finished" if n else run.state().value, run.broken,
            )
        )  # fmt: skip
    return found


def image_sets(found: Sequence[Candidate]) -> list[ImageSet]:
    """The different sets of test images of ``found``, the one of most runs first."""
    tested = {one.test_hash: one for one in found if one.test_hash and not one.broken}
    runs = Counter(one.test_hash for one in found if one.test_hash and not one.broken)
    return [ImageSet(key, tested[key].data, tested[key].n, count) for key, count in runs.most_common()]


def readable_configs(runs: Sequence[Run]) -> list[tuple[Run, AnyConfig]]:
    """The ``runs`` whose config can be read, with it: a damaged run does not hide the others."""
    return [(run, config) for run in runs if (config := run.config_or_none()) is not None]


def distinct_names(runs: Sequence[Run]) -> dict[str, str]:
    """Run id → its name; names that occur twice have the end of the id added."""
    names = {run.id: marked(run.notes()["name"], run.broken) for run in runs}
    often = list(names.values())
    return {
        run_id: name if often.count(name) == 1 else f"{name} ({run_id.rsplit('-', 1)[-1]})"
        for run_id, name in names.items()
    }


def source_names(found: Sequence[tuple[Run, AnyConfig]]) -> dict[str, str]:
    """Run id → the name of the run that its weights come from, distinct; only of those whose weights do."""
    sources = {run.id: noted_run(source, run.root) for run, config in found if (source := source_run(config.weights))}
    names = distinct_names(list({source.id: source for source in sources.values()}.values()))
    return {run_id: names[source.id] for run_id, source in sources.items()}
