"""What a class needs before it begins: what of it is there for a data set, and what would make the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.data.contrast.encoder_sources import is_simclr
from dashboard.words import run_name
from sealife_core.config import AnyConfig, ClassifierConfig, SimclrConfig, StudyConfig, preset
from sealife_core.datasets.dataset import Dataset
from sealife_core.demo import demo_configs
from sealife_core.errors import SealifeError
from sealife_core.evaluation.comparison.comparison_rows import ComparisonRow, comparison
from sealife_core.runs.liveness import State
from sealife_core.runs.run import MODEL, Run
from sealife_core.studies.ablation_pairs import intact_simclr
from sealife_core.studies.helps import HELPS, largest_class
from sealife_core.studies.questions import build_study
from sealife_core.studies.study_results import study_of
from sealife_core.studies.study_settings import IMAGENET, IMAGENET_SIMCLR

HEAD, PROBE, CAMERA, HELP = "head", "probe", "camera", "help"


@dataclass(frozen=True)
class Need:
    """One thing that a class needs. lessons: for which; there: what it is called here, "" if it is missing; requests:
    the name and the request of each run that makes it."""

    key: str
    lessons: str
    what: str
    there: str
    requests: tuple[tuple[str, AnyConfig | StudyConfig], ...]


def needs(dataset: Dataset, runs: Sequence[Run], studies: Sequence[Run]) -> list[Need]:
    """What the lessons need of ``dataset``. runs, studies: all, the newest first."""
    small = demo_configs(dataset, "later", "later")
    simclr, both = simclr_run(runs, dataset), probe_and_fine_tune(runs, dataset)
    classifier, study = newest_classifier(runs, dataset), helps_study(studies, dataset)
    names = preset("classify", data=dataset.name, data_hash=dataset.content_hash)
    return [
        Need(
            HEAD, "Lessons 2 to 4", "a SimCLR run", run_name(simclr) if simclr else "",
            (("SimCLR", intact_simclr(dataset)),),
        ),
        Need(
            PROBE, "Lesson 5", "a linear probe and a fine-tuned run that begin with the same encoder",
            " and ".join(row.name for row in both or ()),
            (("Linear probe", small["imagenet"]), ("Fine-tuned", small["finetune"])),
        ),
        Need(
            CAMERA, "Lesson 6, camera", "a model that names the classes", run_name(classifier) if classifier else "",
            (("Name my animals", names),),
        ),
        Need(
            HELP, "Lesson 7", "the study “Does self-supervision help me?”", _study_name(study),
            (("Does self-supervision help me?", helps_request(dataset)),),
        ),
    ]  # fmt: skip


def _study_name(study: Run | None) -> str:
    if study is None:
        return ""
    return f"{run_name(study)}{'' if study.state() is State.FINISHED else ' (not finished yet)'}"


def helps_request(dataset: Dataset) -> StudyConfig:
    """The quick study of lesson 7: the comparison that decides, without training from random weights, so that it ends
    within the class."""
    common = {"data": dataset.name, "data_hash": dataset.content_hash, "per_class": largest_class(dataset)}
    return build_study(HELPS, **common, encoders=(IMAGENET, IMAGENET_SIMCLR))


def simclr_run(runs: Sequence[Run], dataset: Dataset) -> Run | None:
    """Of ``runs`` that learned from ``dataset`` as it is, with a projection head, and have a model: from random weights
    before others, for a head that hardly trained looks like none; then the longest; then the first."""

    def order(run: Run) -> tuple[bool, int] | None:
        config = run.config_or_none() if is_simclr(run) else None
        if not isinstance(config, SimclrConfig) or config.head == "none" or config.broken:
            return None
        return (config.weights == "random", config.epochs) if config.data_hash == dataset.content_hash else None

    found = [(place, run) for run in runs if (place := order(run))]
    return max(found, key=lambda one: one[0])[1] if found else None


def newest_classifier(runs: Sequence[Run], dataset: Dataset) -> Run | None:
    """The first of ``runs`` that classifies pictures of ``dataset`` as it is, and has a model."""
    for run in runs:
        config = run.config_or_none()
        fits = isinstance(config, ClassifierConfig) and config.data_hash == dataset.content_hash and not config.broken
        if fits and (run.path / MODEL).is_file():
            return run
    return None


def probe_and_fine_tune(runs: Sequence[Run], dataset: Dataset) -> tuple[ComparisonRow, ComparisonRow] | None:
    """The newest two runs that differ in whether the encoder learned, and not in where it came from or in its labels;
    tested on the test images of ``dataset`` as they are now."""
    frozen: dict[tuple[object, ...], ComparisonRow] = {}
    learned: dict[tuple[object, ...], ComparisonRow] = {}
    configs = {run.id: config for run in runs if (config := run.config_or_none()) and config.data == dataset.name}
    rows = comparison([run for run in runs if run.id in configs], dataset.test_hash)
    for row in sorted((row for row in rows if row.comparable), key=lambda row: row.run_id):
        config = configs[row.run_id]
        if isinstance(config, ClassifierConfig):
            kind = learned if config.trained_stages else frozen
            labels = config.label_fraction, config.labels_per_class
            kind[config.weights, config.encoder, config.image_size_px, *labels] = row
    shared = max(frozen.keys() & learned.keys(), key=lambda start: learned[start].run_id, default=None)
    return (frozen[shared], learned[shared]) if shared else None


def helps_study(studies: Sequence[Run], dataset: Dataset) -> Run | None:
    """The first of ``studies`` that asks whether self-supervision helps on ``dataset``: one that has finished, else one
    that is on its way."""
    asking = [run for run in studies if _asks(run, dataset.name)]
    finished = [run for run in asking if run.state() is State.FINISHED]
    return next(iter([*finished, *(run for run in asking if run.state().active)]), None)


def _asks(run: Run, data: str) -> bool:
    try:
        study = study_of(run)
    except SealifeError:
        return False
    return study.question == HELPS and study.data == data
