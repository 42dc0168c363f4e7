"""Which run's features may judge the labels of a data set: those that have not been learned from labels."""

from sealife_core.config import ClassifierConfig
from sealife_core.datasets.dataset import Dataset
from sealife_core.errors import RunError
from sealife_core.evaluation.comparison.candidates import readable_configs
from sealife_core.evaluation.embeddings.stored_embeddings import has_embeddings
from sealife_core.runs.directory import list_runs, source_chain, source_of
from sealife_core.runs.liveness import State
from sealife_core.runs.run import Run


def run_without_labels(dataset: Dataset) -> Run:
    """The newest finished run with features of ``dataset``, by weights that are neither random nor learned from labels.

    Raises RunError, which says what to launch, if there is none.
    """
    for run, config in readable_configs(list_runs()):
        if (
            config.data == dataset.name
            and config.weights != "random"
            and has_embeddings(run.path)
            and run.state() is State.FINISHED
            and not run.broken
            and not learned_from_labels(run)
        ):
            return run
    raise RunError(
        f"No finished run has features of data set '{dataset.name}' that may judge its labels: by weights that are"
        f" neither random nor learned from labels. Start 'classify {dataset.name}' (on the page Train: Name my"
        " animals); it takes about a minute."
    )


def learned_from_labels(run: Run) -> bool:
    """Whether labels have changed the encoder, in this run or in one that its weights come from.

    Such an encoder has learned wrong labels by heart: it puts their images among those of the wrong class.
    """
    chain = [run, *source_chain(source_of(run), run.root)]
    return any(isinstance(config, ClassifierConfig) and config.trained_stages for _, config in readable_configs(chain))
