"""Finished runs side by side: their scores with intervals, and which are comparable. Imports no torch and no pandas."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sealife_core.config import AnyConfig, ClassifierConfig, SimclrConfig, fewer_labels, marked
from sealife_core.evaluation.comparison.candidates import distinct_names, not_compared, readable_configs, source_names
from sealife_core.models.facts import published_weights, title_of
from sealife_core.runs.directory import source_chain, source_of
from sealife_core.runs.run import Run

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ComparisonRow:
    """A classifier and its scores on its test images. ``low`` and ``high``: ends of 95 % intervals.

    ``train_s``: the run's own training; ``pretrain_s``: that of the runs its encoder comes from, None without any.
    """

    run_id: str
    name: str
    method: str
    encoder: str
    source: str
    data: str
    n: int
    accuracy: float
    low: float
    high: float
    macro_f1: float
    macro_f1_low: float
    macro_f1_high: float
    top3: float | None
    chance: float
    train_s: float | None
    parameters_trained: int | None
    label_fraction: float
    test_hash: str
    comparable: bool
    why_not: str
    pretrain_s: float | None = None
    labels_per_class: int = 0

    @property
    def fewer_labels(self) -> str:
        """ "10 % of labels", "5 labels per class"; "" where all labels are used."""
        return fewer_labels(self.label_fraction, self.labels_per_class)


@dataclass(frozen=True)
class RepresentationRow:
    """A SimCLR run and the quality of its features on validation images; ``low`` to ``high`` is a 95 % interval."""

    run_id: str
    name: str
    encoder: str
    source: str
    data: str
    n: int
    knn_accuracy: float
    low: float
    high: float
    chance: float
    train_s: float | None


def comparison(runs: Sequence[Run], test_hash: str | None = None) -> list[ComparisonRow]:
    """The tested classifiers among ``runs``, comparable ones first, then by accuracy.

    Comparable are those tested on the images of ``test_hash``; default: the test images of most runs (the first of
    ``runs`` breaks a tie). Runs that are unfinished, stopped before their test, or damaged have no row.
    """
    tested = [
        (run, config, results)
        for run, config, results in _readable(runs, "test", ("n", "accuracy", "macro_f1", "chance"))
        if isinstance(config, ClassifierConfig)
    ]
    hashes = Counter(results.get("test_hash") or "" for run, _, results in tested if not run.broken)
    reference = test_hash if test_hash is not None else hashes.most_common(1)[0][0] if hashes else ""
    names = distinct_names([run for run, _, _ in tested])
    sources = source_names([(run, config) for run, config, _ in tested])
    rows = [
        _row(run, config, results, reference, names[run.id], _source(config, sources.get(run.id)))
        for run, config, results in tested
    ]
    return sorted(rows, key=lambda row: (not row.comparable, -row.accuracy))


def of_the_newest(rows: Sequence[ComparisonRow], runs: Sequence[Run]) -> list[ComparisonRow]:
    """Those of ``rows`` that were tested on the same images as the newest of ``runs``, which come newest first."""
    known = {row.run_id: row.test_hash for row in rows}
    newest = next((known[run.id] for run in runs if run.id in known), "")
    return [row for row in rows if row.test_hash == newest]


def by_encoder(rows: Sequence[ComparisonRow], score: str = "accuracy") -> list[tuple[str, list[ComparisonRow]]]:
    """``rows`` grouped by their encoder, in words; best ``score`` first, within and among the groups."""
    groups: dict[str, list[ComparisonRow]] = {}
    for row in sorted(rows, key=lambda row: -getattr(row, score)):
        groups.setdefault(f"{title_of(row.encoder)}, {_from(row)}", []).append(row)
    return list(groups.items())


def representation_rows(runs: Sequence[Run]) -> list[RepresentationRow]:
    """The SimCLR runs among ``runs`` that measured k-NN accuracy on validation, best first."""
    rows = []
    readable = _readable(runs, "val", ("n", "knn_accuracy"))
    sources = source_names([(run, config) for run, config, _ in readable])
    for run, config, results in readable:
        if not isinstance(config, SimclrConfig):
            continue
        val = _known(results["val"], knn_low=0.0, knn_high=1.0, chance=0.0)
        rows.append(
            RepresentationRow(
                run_id=run.id, name=marked(run.notes()["name"], run.broken), encoder=config.encoder,
                source=_source(config, sources.get(run.id)), data=config.data, n=val["n"],
                knn_accuracy=val["knn_accuracy"], low=val["knn_low"], high=val["knn_high"], chance=val["chance"],
                train_s=results.get("train_s"),
            )
        )  # fmt: skip
    return sorted(rows, key=lambda row: -row.knn_accuracy)


def to_frame(rows: Sequence[ComparisonRow] | Sequence[RepresentationRow]) -> "pd.DataFrame":
    """One row per run, one column per field; no columns without rows."""
    import pandas as pd

    return pd.DataFrame([asdict(row) for row in rows])


def _readable(runs: Sequence[Run], split: str, needed: tuple[str, ...]) -> list[tuple[Run, AnyConfig, dict[str, Any]]]:
    """The readable runs whose results have ``split`` with the ``needed`` keys."""
    found = []
    for run, config in readable_configs(runs):
        results = run.results() or {}
        scored = results.get(split) or {}
        if all(scored.get(key) is not None for key in needed):
            found.append((run, config, results))
    return found


def _known(scored: dict[str, Any], **otherwise: float) -> dict[str, Any]:
    """``scored`` without its nulls, with ``otherwise`` as defaults."""
    return otherwise | {key: value for key, value in scored.items() if value is not None}


def _row(
    run: Run, config: ClassifierConfig, results: dict[str, Any], reference: str, name: str, source: str
) -> ComparisonRow:
    test = _known(results["test"], accuracy_low=0.0, accuracy_high=1.0, macro_f1_low=0.0, macro_f1_high=1.0)
    test_hash = results.get("test_hash") or ""
    comparable = test_hash == reference and not run.broken
    names = ("n", "accuracy", "macro_f1", "macro_f1_low", "macro_f1_high", "top3", "chance")
    same: dict[str, Any] = {key: test.get(key) for key in names}
    why_not = (
        "" if comparable else f"tested on other images or labels ({test['n']:,} of '{config.data}'), so not comparable."
    )
    if run.broken:
        why_not = f"{not_compared(run.broken)}."
    return ComparisonRow(
        run_id=run.id, name=name, method=config.method, encoder=config.encoder, source=source,
        data=config.data, low=test["accuracy_low"], high=test["accuracy_high"], train_s=results.get("train_s"),
        pretrain_s=pretrain_s(run), parameters_trained=results.get("parameters_trained"),
        label_fraction=config.label_fraction, labels_per_class=config.labels_per_class, test_hash=test_hash,
        comparable=comparable, why_not=why_not, **same,
    )  # fmt: skip


def pretrain_s(run: Run) -> float | None:
    """Training time of all runs that the weights come from, one from another; a deleted run counts as 0."""
    sources = [source for source in source_chain(source_of(run), run.root) if source != run]
    spent = [taken for source in sources if (taken := (source.results() or {}).get("train_s")) is not None]
    return sum(spent, 0.0) if spent else None


def _source(config: AnyConfig, named: str | None) -> str:
    """Where an encoder's weights come from, in words; ``named``: the name of the run, if they come from one."""
    if named is not None:
        return named
    if config.weights.startswith("file:"):
        return Path(config.weights.removeprefix("file:")).name
    return "random" if config.weights == "random" else published_weights(config.encoder).removesuffix(" weights")


def _from(row: ComparisonRow) -> str:
    published = published_weights(row.encoder)
    named = {"random": "random weights", published.removesuffix(" weights"): published}
    return named.get(row.source, f"weights of {row.source}")
