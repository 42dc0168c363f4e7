"""Fixtures that all tests share, the markers that follow from fixtures, and how workers of pytest-xdist share tests."""

import gc
import importlib
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import install_import_hook

from tests import shapes

# The shapes that annotations promise are checked in the tests alone: before any of these modules is imported.
EVALUATION = (
    "classification", "comparison.learning_curve", "comparison.paired", "comparison.resampling", "contrast", "curation",
    "embeddings", "figures.learned_figures", "figures.run_figures", "projections",
)  # fmt: skip
TRAINING = ("ablated_simclr", "classifier")
CHECKED = [
    "sealife_core.models", "sealife_core.views", *(f"sealife_core.evaluation.{name}" for name in EVALUATION),
    *(f"sealife_core.training.{name}" for name in TRAINING),
]  # fmt: skip
gc.disable()  # until all tests are collected: what libraries make on import stays
install_import_hook(CHECKED, f"{shapes.__name__}.checked")

from tests.runs.processes import end_processes  # noqa: E402 - the hook comes first

# Threads that wait for one another while another test has their core would spin: five times the processor time.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
WORKER = "PYTEST_XDIST_WORKER" in os.environ
if WORKER:  # several workers share the cores, so no library takes all of them
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # A library that a checked module is the first to import is compiled anew: jaxtyping renames its stored bytecode.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "wandb", None)  # timm would take a second to import it, for a script of its own
        for library in ("torchvision", "pytorch_lightning", "timm"):
            importlib.import_module(library)
STARTS = frozenset(("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn"))  # audit events of a new process
PROGRAMS = ("python", "sh", "ray", "chrom")  # others, such as git and ldconfig, answer a library within milliseconds
# Files that one worker takes: those of the browser share a dashboard, those of the maps what UMAP compiles in 9 s.
SCOPES = {
    "tests/browser/": "browser",
    "tests/evaluation/projections/": "maps",
    "tests/test_projection_worker.py": "maps",
}
DRAWING = ("streamlit.testing.v1.app_test", "tests.dashboard.pages", "tests.dashboard.app_pages.data.opened")
FSYNC = os.fsync
present: pytest.Item | None = None  # the test that runs now


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """What ``-n auto`` means: one more than cores where tests wait for a process, as many do."""
    return (os.cpu_count() or 1) + ("not process" not in config.option.markexpr)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Of all tests in a fresh clone, workers begin to import different files: the others then find them compiled."""
    config = session.config
    if WORKER and [Path(arg).name for arg in config.args] == config.getini("testpaths"):
        told = config.workerinput  # pyright: ignore[reportAttributeAccessIssue] - of pytest-xdist
        files = sorted(Path(__file__).parent.rglob("test_*.py"))[int(told["workerid"][2:]) :: told["workercount"]]
        for file in files:
            with suppress(Exception, pytest.skip.Exception):  # told when it is collected
                importlib.import_module(".".join(file.relative_to(config.rootpath).with_suffix("").parts))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A worker takes a whole file at a time, for the fixtures of a module, or all files of one of SCOPES."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return next((scope for start, scope in SCOPES.items() if file.startswith(start)), file)

    # The order is that of pytest_collection_modifyitems. Where nothing takes long, the files with the most tests come
    # first: the last one keeps one worker alone.
    config.option.loadscopereorder = "not process" in config.option.markexpr
    return ByFile(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what a test needs; under pytest-xdist begin with what takes long: processes, then training in this one."""
    for item in items:
        names = getattr(item, "fixturenames", ())
        if "browser" in names:
            item.add_marker(pytest.mark.browser)
        if "browser" in names or "processes" in names:
            item.add_marker(pytest.mark.process)
        if "trained" in names:
            item.add_marker(pytest.mark.slow)
        if _draws(item):
            item.add_marker(pytest.mark.page)
    if WORKER:
        items.sort(key=lambda item: (not _marked(item, "process"), not _marked(item, "slow")))


def _draws(item: pytest.Item) -> bool:
    """Whether the file of a test draws pages without a browser."""
    module = getattr(item, "module", None)
    return any(getattr(value, "__module__", "") in DRAWING for value in vars(module).values())


def _marked(item: pytest.Item, name: str) -> bool:
    return item.get_closest_marker(name) is not None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Any:
    """Say which test runs, for :func:`_audit`."""
    global present
    present = item
    try:
        return (yield)
    finally:
        present = None


def _audit(event: str, args: tuple[Any, ...]) -> None:
    """Fail a test that starts a process and is not marked so: ``make test-fast`` would run it."""
    if event not in STARTS or present is None or _marked(present, "process"):
        return
    command = args[1] if len(args) > 1 else "python"  # a fork has no command
    program = Path(os.fsdecode(command[0] if isinstance(command, list | tuple) else command)).name
    if program.startswith(PROGRAMS):
        raise AssertionError(f"This test starts a process ({command}): mark it with pytest.mark.process.")


def pytest_configure() -> None:
    """Watch for processes. An audit hook stays until Python ends, so it is added once."""
    sys.addaudithook(_audit)


@given(st.none())
def _first_example(nothing: None) -> None:
    """Hypothesis makes its random numbers here: what refers to them must be found before anything is frozen."""


def pytest_collection_finish() -> None:
    """From now on collect garbage, among what tests make: libraries and tests themselves are a million objects.

    Less often than usual: a test that reads tables makes a hundred thousand objects, which go by themselves.
    """
    _first_example()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    gc.enable()


@pytest.fixture(scope="session")
def processes() -> None:
    """Requested by fixtures that start processes: their tests are marked ``process``."""


@pytest.fixture(autouse=True)
def ended(request: pytest.FixtureRequest) -> Iterator[None]:
    """Processes that a test leaves behind in its folder end with it."""
    if not _marked(request.node, "process"):
        yield
        return
    folder = request.getfixturevalue("tmp_path")
    yield
    end_processes(folder)


@pytest.fixture(scope="session", autouse=True)
def own_surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing that a test does reaches what whoever runs it has: its data and runs, the server that it is logged in to.

    No pre-warmed worker waits for runs, except in the tests of that and those in a browser: a single run does not pay
    for it. No run measures whether the fast convolutions pay, as each would in a home of its own. And no file is
    flushed to the disk, which takes some 8 ms, thousands of times: those who ask for ``flushes`` see to it that it
    would be. No check of a launch asks the network: ImageNet weights can always be downloaded. Streamlit looks for
    components among the installed packages once, and not again for every page that is drawn: this took longer than
    drawing it.
    """
    from streamlit.components.v2 import manifest_scanner

    from sealife_core.models import imagenet

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEALIFE_HOME", str(tmp_path_factory.mktemp("nobody")))
        patch.setenv("SEALIFE_READY_MINUTES", "0")
        patch.setenv("SEALIFE_FAST_CONVOLUTIONS", "on")
        patch.setattr(os, "fsync", lambda handle: None)
        patch.setattr(sqlite3, "connect", _unflushed)
        patch.setattr(imagenet, "reachable", lambda name: True)
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        for name in [name for name in os.environ if name.startswith("WANDB_")]:
            patch.delenv(name)
        yield


def _unflushed(*args: Any, connect: Any = sqlite3.connect, **kwargs: Any) -> sqlite3.Connection:
    opened = connect(*args, **kwargs)
    opened.execute("PRAGMA synchronous = OFF")
    return opened


@pytest.fixture
def flushes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are really flushed to the disk."""
    monkeypatch.setattr(os, "fsync", FSYNC)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh SEALIFE_HOME with empty data/ and checkpoints/."""
    monkeypatch.setenv("SEALIFE_HOME", str(tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "checkpoints").mkdir()
    return tmp_path


@pytest.fixture(scope="session")
def drawn_reef(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a reef of 64 images, 32 px; do not write into it: copy it."""
    from sealife_core.datasets.reef import draw_reef

    return draw_reef(tmp_path_factory.mktemp("drawn"), images=64, size_px=32, seed=0).folder


@pytest.fixture(scope="session")
def read_reef(drawn_reef: Path):
    """``drawn_reef`` opened, and its files as name → contents: hundreds of tests ask for ``tiny_reef``."""
    from sealife_core.datasets.dataset import open_dataset

    files = (file for file in sorted(drawn_reef.rglob("*")) if file.is_file())
    contents = {file.relative_to(drawn_reef).as_posix(): file.read_bytes() for file in files}
    return open_dataset(drawn_reef.name, drawn_reef.parent), contents


@pytest.fixture
def tiny_reef(home: Path, read_reef):
    """The Dataset 'reef' (64 images, 32 px) below ``home``."""
    opened, contents = read_reef
    folder = home / "data" / "reef"
    (folder / "images").mkdir(parents=True)
    for name, content in contents.items():
        with open(f"{folder}/{name}", "xb", buffering=0) as file:  # noqa: PTH123 - a third of what copying it takes
            file.write(content)
    tables = {name: getattr(opened, name).copy() for name in ("manifest", "imported", "every", "places")}
    return replace(opened, folder=folder, info=deepcopy(opened.info), **tables)


@pytest.fixture(scope="session")
def model_runs(drawn_reef: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders of a SimCLR run and a classifier with untrained models; do not write into them: copy them.

    What is unlike the classifier's training images is measured here, and not by each test that asks its model.
    """
    from sealife_core.datasets.dataset import open_dataset
    from sealife_core.evaluation.classification.predictor import Predictor
    from tests.finished.models import finished_classifier, with_model
    from tests.finished.runs import simclr_run

    home = tmp_path_factory.mktemp("models")
    shutil.copytree(drawn_reef, home / "data" / "reef")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEALIFE_HOME", str(home))
        reef = open_dataset("reef")
        runs = {"simclr": with_model(simclr_run(reef), reef).path, "classifier": finished_classifier(reef).path}
        assert Predictor(runs["classifier"]).ood
        return runs


@pytest.fixture
def pretrained(tiny_reef, home: Path, model_runs: dict[str, Path]):
    """A SimCLR run on ``tiny_reef`` whose encoder nobody trained."""
    return _copied(model_runs["simclr"], home)


@pytest.fixture
def classifier(tiny_reef, home: Path, model_runs: dict[str, Path]):
    """A classifier on ``tiny_reef`` that nobody trained, with its predictions and embeddings."""
    return _copied(model_runs["classifier"], home)


def _copied(run: Path, home: Path):
    from sealife_core.runs.run import Run

    return Run(Path(shutil.copytree(run, home / "checkpoints" / run.name)))
