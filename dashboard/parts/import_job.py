"""Beginning an import as a job in the background; the Data page shows how far it is."""

from dashboard import background, state
from dashboard.background import BackgroundJob, Tidy, Work
from sealife_core.datasets.dataset import newest_datasets
from sealife_core.datasets.storage import check_new_name
from sealife_core.errors import DatasetError

IMPORT = "import"


def new_name(name: str) -> str:
    """``name``, if a data set may be called so. Raises DatasetError."""
    check_new_name(name)
    if name in newest_datasets():
        raise DatasetError(f"Data set {name!r} already exists. Choose another name.")
    job = background.find(_key(name))
    if job is not None and job.running:
        raise DatasetError(
            f"Data set {name!r} is being imported right now. Choose another name, or wait until that import has"
            " finished."
        )
    return name


def start_import(name: str, work: Work, tidy: Tidy = bool, title: str = "") -> BackgroundJob:
    """Begin ``work``, which makes the data set ``name`` or adds to it, after other imports; the Data page will look at
    it."""
    for job in background.queued(IMPORT):  # their reports have been read; what failed stays
        if job.error is None:
            background.forget(job.key)
    state.NOTICE.take()  # of another data set
    state.data.EXPECTED.hold(name)
    return background.start(_key(name), title or f"Importing {name}", work, IMPORT, tidy)


def _key(name: str) -> str:
    return f"{IMPORT} {name}"
