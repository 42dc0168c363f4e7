"""A home with a data set and runs of every kind, none of them trained."""

from sealife_core.config import Axis, build_search, preset
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.runs.directory import create_run
from sealife_core.runs.files import replace_json
from sealife_core.runs.run import Run
from sealife_core.runs.writer import RunWriter
from sealife_core.studies.questions import DEPTH, IMBALANCE, LABELS, build_study
from sealife_core.studies.search_results import Trial, write_trials
from sealife_core.studies.study_settings import RANDOM
from tests.finished.files import FILES, ROWS, write_rows
from tests.finished.runs import classifier_run, simclr_run
from tests.finished.studies import finished_study


def make_runs() -> None:
    """SimCLR, two classifiers, one that is training, three studies and a search, on the data set 'reef'."""
    dataset = open_dataset("reef")
    simclr = simclr_run(dataset, "SimCLR", snapshots=3)
    for run in (simclr, classifier_run(dataset, "Probe"), classifier_run(dataset, "Rival", seed=1)):
        _fill(run, dataset)
    training = create_run(preset("simclr"), name="Training")
    write_rows(training, ROWS)
    RunWriter(training).status(state="running", epoch=1, epochs=9, step=40, steps=900, message="training")
    for question, more in ((LABELS, {"encoders": (RANDOM,)}), (DEPTH, {}), (IMBALANCE, {})):
        study = build_study(question, data="reef", data_hash=dataset.content_hash, **more)
        finished_study(study, lambda part: 0.5 + 0.01 * part.config.seed)
    _search()


def _fill(run: Run, dataset: Dataset) -> None:
    scores = FILES["results.json"]["test"] | {"per_class": [{"label": name, "f1": 0.5} for name in dataset.classes]}
    files = FILES | {"results.json": FILES["results.json"] | {"test": scores, "test_hash": dataset.test_hash}}
    for name in files.keys() - {"notes.json"}:
        replace_json(run.path / name, files[name])
    write_rows(run, ROWS)


def _search() -> None:
    rate, loss = (
        Axis(path="learning_rate", low=1e-4, high=1e-2, log=True),
        Axis(path="loss", choices=("focal", "cross_entropy")),
    )
    search = create_run(build_search(preset("scratch", data="reef"), (rate, loss), trials=8), name="Search")
    trials = [
        Trial(n, {"learning_rate": 5e-4 * n, "loss": "focal"}, "finished", 0.2 + n / 20, "", 3, curve={"1": 0.1})
        for n in range(1, 8)
    ]
    write_trials(search.path, trials)
    RunWriter(search).status(state="finished", step=8, steps=8)
