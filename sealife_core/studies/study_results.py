"""The results of a study: one row per run, and over seeds. Imports no torch, and pandas only for a data frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from sealife_core.config import ClassifierConfig, StudyConfig, source_run
from sealife_core.errors import RunError
from sealife_core.evaluation.comparison.comparison_rows import pretrain_s
from sealife_core.runs.directory import noted_run
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run
from sealife_core.studies.coordinator import DELETED, StudyProgress, read_study_progress

if TYPE_CHECKING:
    import pandas as pd

CellValue = str | float


@dataclass(frozen=True)
class PartResult:
    """One part of a study and its scores, which are None until its run has finished.

    accuracy (``low`` to ``high``) and macro_f1: on the n test images, with 95 % intervals over images. rarest_f1: F1 of
    the class with the fewest training labels, which has rarest_n test images. knn_accuracy (validation) and
    contrastive_accuracy (last training step): of a SimCLR run, or of the one that a probe evaluates. labels: number of
    training labels. pretrain_s: training time of the runs that its encoder comes from. kept_start: SimCLR left its
    encoder as it was, because no epoch was better on validation. made_by: the versions of this program and of PyTorch,
    "" if unknown.
    """

    key: str
    cell: dict[str, CellValue]
    seed: int
    run_id: str
    state: str
    reused: bool = False
    missing: str = ""
    n: int = 0
    test_hash: str = ""
    accuracy: float | None = None
    low: float | None = None
    high: float | None = None
    macro_f1: float | None = None
    macro_f1_low: float | None = None
    macro_f1_high: float | None = None
    rarest_f1: float | None = None
    rarest_n: int = 0
    knn_accuracy: float | None = None
    contrastive_accuracy: float | None = None
    chance: float | None = None
    labels: int | None = None
    train_s: float | None = None
    pretrain_s: float | None = None
    kept_start: bool = False
    made_by: str = ""


@dataclass(frozen=True)
class CellResult:
    """One cell of the table over its seeds: mean, minimum (``least``), maximum (``greatest``) and standard deviation
    (``spread``, None for one seed) of a score. ``labels``: mean number of training labels.

    images: test images of an accuracy, those of the class of a rarest_f1, 0 if unknown; low, high: mean ends of the
    95 % intervals of macro-F1, None for other scores.
    """

    cell: dict[str, CellValue]
    seeds: int
    mean: float
    least: float
    greatest: float
    spread: float | None
    labels: float | None
    images: int = 0
    low: float | None = None
    high: float | None = None


def study_of(run: Run) -> StudyConfig:
    """The config of a study. Raises RunError if the run is not a study, ConfigError if it cannot be read."""
    request = run.request()
    if not isinstance(request, StudyConfig):
        raise RunError(f"Run '{run.id}' is not a study. 'study list' shows all studies.")
    return request


def classes_of(study: StudyConfig) -> int:
    """The number of classes of its data set, in the version that it was launched on; 1 if that is gone."""
    from sealife_core.datasets.dataset import dataset_or_none

    dataset = dataset_or_none(study.data, content_hash=study.data_hash)
    return len(dataset.classes) if dataset is not None else 1


def part_results(run: Run) -> list[PartResult]:
    """Every part of the study, in order. Raises like :func:`study_of`."""
    progress = read_study_progress(run.path)
    return [_result(run, progress, part.key, part.cell, part.config.seed) for part in study_of(run).parts]


def over_seeds(parts: Sequence[PartResult], score: str = "accuracy") -> list[CellResult]:
    """The cells with a score, in the order of the study, each over its seeds. ``score``: a field of PartResult."""
    groups: dict[tuple[Any, ...], list[PartResult]] = {}
    for part in parts:
        if part.cell and getattr(part, score) is not None:
            groups.setdefault(tuple(part.cell.items()), []).append(part)
    return [_cell(group, score) for group in groups.values()]


def to_frame(run: Run) -> "pd.DataFrame":
    """One row per part of the table: a column per axis, the seed, the run and its scores."""
    import pandas as pd

    parts = [part for part in part_results(run) if part.cell]
    rows = [part.cell | {k: v for k, v in vars(part).items() if k != "cell"} for part in parts]
    return pd.DataFrame(rows)


def _result(study: Run, progress: StudyProgress, key: str, cell: dict[str, CellValue], seed: int) -> PartResult:
    run_id = progress.runs.get(key, "")
    missing = progress.left_out.get(key, "")
    about = {"key": key, "cell": cell, "seed": seed, "run_id": run_id, "reused": key in progress.reused}
    if not run_id:
        return PartResult(**about, state="missing" if missing else "waiting", missing=missing)
    run = noted_run(run_id, study.root)
    if not run.path.is_dir():
        return PartResult(**about, state="missing", missing=missing or DELETED)
    state = run.state()
    results = run.results()
    if state is not State.FINISHED or results is None:
        return PartResult(**about, state=state.value, missing=missing)
    return PartResult(**about, state=state.value, **_scores(run, results))


def _scores(run: Run, results: dict[str, Any]) -> dict[str, Any]:
    test, val = results.get("test") or {}, results.get("val") or {}
    environment, config = run.environment(), run.config_or_none()
    source_id = source_run(config.weights) if isinstance(config, ClassifierConfig) else None
    own = noted_run(source_id, run.root) if source_id else run
    pretraining = own.results() or {}
    ours = pretraining.get("val") or {}
    name = environment.get("rarest_class")
    rarest = next((row for row in test.get("per_class") or [] if row.get("label") == name), {})
    return {
        "n": int(test.get("n") or 0),
        "test_hash": results.get("test_hash") or "",
        "low": test.get("accuracy_low"),
        "high": test.get("accuracy_high"),
        **{name: test.get(name) for name in ("accuracy", "macro_f1", "macro_f1_low", "macro_f1_high")},
        "rarest_f1": rarest.get("f1"),
        "rarest_n": int(rarest.get("n") or 0),
        "knn_accuracy": ours.get("knn_accuracy"),
        "contrastive_accuracy": _last(own, "train/contrastive_accuracy"),
        "chance": test.get("chance", val.get("chance")),
        "labels": environment.get("labels_used"),
        "train_s": results.get("train_s"),
        "pretrain_s": pretrain_s(run),
        "kept_start": pretraining.get("kept_epoch") == 0,
        "made_by": _made_by(environment),
    }


def _made_by(environment: dict[str, Any]) -> str:
    """ "sealife 0.1.0 1eeb48a, torch 2.14.0": a release and, in a clone, its commit."""
    known = environment.get("versions") or {}
    ours = " ".join(filter(None, (known.get("sealife"), (environment.get("git_revision") or "")[:7])))
    return ", ".join(
        f"{name} {version}" for name, version in (("sealife", ours), ("torch", known.get("torch"))) if version
    )


def _cell(parts: Sequence[PartResult], score: str) -> CellResult:
    values = [float(getattr(part, score)) for part in parts]
    labels = [part.labels for part in parts if part.labels is not None]
    low, high = (_mean([getattr(part, f"{score}_{end}", None) for part in parts]) for end in ("low", "high"))
    spread, taught = stdev(values) if len(values) > 1 else None, fmean(labels) if labels else None
    images = min({"accuracy": part.n, "rarest_f1": part.rarest_n}.get(score, 0) for part in parts)
    return CellResult(
        dict(parts[0].cell), len(values), fmean(values), min(values), max(values), spread, taught, images, low, high,
    )  # fmt: skip


def _mean(values: Sequence[float | None]) -> float | None:
    """The mean; None unless all are known."""
    known = [value for value in values if value is not None]
    return fmean(known) if len(known) == len(values) else None


def _last(run: Run, name: str) -> float | None:
    return next((row[name] for row in reversed(run.metrics()) if row.get(name) is not None), None)
