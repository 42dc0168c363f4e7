"""What a run tells its trackers. One that fails is dropped and does not harm the run."""

import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from sealife_core.config import AnyConfig
from sealife_core.datasets.dataset import Dataset, open_dataset
from sealife_core.datasets.decoding.pixels import Pixels
from sealife_core.runs.scheduling.ddp_processes import ReadOnlyWriter
from sealife_core.runs.tracking_links import launched_with, wandb_mode
from sealife_core.runs.writer import RunWriter
from sealife_core.training.simclr import SimclrModule
from sealife_core.training.tracking.logged_media import embedding_picture, facts, predictions_of, view_pairs

if TYPE_CHECKING:
    from sealife_core.training.tracking.event_files import EventFiles
    from sealife_core.training.tracking.wandb_run import WandbRun

    Tracker = EventFiles | WandbRun

MadeT = TypeVar("MadeT")


class Tracking:
    """Passes on to ``trackers`` what a run tells. One that raises an error is told no more, and a warning says so."""

    def __init__(self, config: AnyConfig, run: RunWriter, trackers: "list[Tracker]") -> None:
        self._config, self._run, self._trackers = config, run, trackers

    def metrics(self, step: int, epoch: float, values: Mapping[str, float]) -> None:
        """One row of metrics.jsonl. Steps are counted from 1; ``epoch`` is the fraction of epochs done.

        A resumed run tells again what it does again: the same figures at the same steps, and no gap where it was cut.
        """
        self._each(lambda tracker: tracker.metrics(step, epoch, values))

    def views(self, module: SimclrModule, dataset: Dataset, pixels: Pixels) -> None:
        """What a SimCLR run is about to see: some training pictures, each with a positive pair of views."""
        if self._trackers:
            self._show("views/pairs", lambda: view_pairs(module, dataset, pixels))

    def outcome(self) -> None:
        """What a run that is through has left in its directory: embeddings, predictions, results, model."""
        if not self._trackers:
            return
        config, folder, seed = self._config, self._run.path, self._config.seed
        dataset = open_dataset(config.data, content_hash=config.data_hash)
        self._run.status(stage="recording", message="recording the embeddings")
        self._show("embeddings/map", lambda: embedding_picture(folder, dataset, seed=seed))
        self._run.status(stage="recording", message="recording predictions and results")
        if (found := self._made("predictions", lambda: predictions_of(folder, dataset, seed=seed))) is not None:
            self._each(lambda tracker: tracker.predictions(found))
        results = facts(self._run.run.results() or {})
        self._each(lambda tracker: tracker.results(results))
        if self._config.wandb_model:
            self._each(lambda tracker: tracker.model())

    def finish(self, *, well: bool) -> None:
        """The run has ended: trackers send what is left, in bounded time."""
        self._each(lambda tracker: tracker.finish(well=well))

    def leave(self) -> None:
        """The process is being ended: trackers keep what is there and wait for nobody."""
        self._each(lambda tracker: tracker.leave())

    def _show(self, name: str, make: Callable[[], tuple[np.ndarray, str]]) -> None:
        if (made := self._made(name, make)) is not None:
            self._each(lambda tracker: tracker.picture(name, *made))

    def _made(self, name: str, make: Callable[[], MadeT]) -> MadeT | None:
        """What ``make`` returns; None where it fails, which is told."""
        try:
            return make()
        except Exception as error:  # noqa: BLE001 - what is only shown must not end what was learned
            traceback.print_exc()
            self._run.warn(
                f"'{name}' could not be recorded ({type(error).__name__}); everything else is recorded."
                " The log has the details."
            )
            return None

    def _each(self, call: "Callable[[Tracker], None]") -> None:
        for tracker in list(self._trackers):
            try:
                call(tracker)
            except Exception as error:  # noqa: BLE001 - whatever it is, the run is worth more
                self._trackers.remove(tracker)
                # The error's text stays out: it may repeat what a server said, and a server may repeat the key.
                self._run.warn(
                    f"{tracker.name} no longer records this run ({type(error).__name__}). The run itself"
                    f" continues. {tracker.rescue}"
                )
                with suppress(Exception):
                    tracker.leave()


@contextmanager
def tracked(config: AnyConfig, run: RunWriter) -> Iterator[Tracking]:
    """Record ``run`` wherever ``config`` and the launch asked for, to its end: well, failed, or being ended."""
    # Of several devices only the process of the worker tells.
    tracking = Tracking(config, run, [] if isinstance(run, ReadOnlyWriter) else _trackers(config, run))
    try:
        yield tracking
    except Exception:
        tracking.finish(well=False)
        raise
    except BaseException:
        tracking.leave()
        raise
    tracking.finish(well=True)


def _trackers(config: AnyConfig, run: RunWriter) -> "list[Tracker]":
    mode = wandb_mode(config.wandb, launched_with(run.run))
    found: list[Tracker] = []
    for name, asked in (("Weights & Biases", mode != "off"), ("TensorBoard", config.tensorboard)):
        try:
            if asked and name == "TensorBoard":
                from sealife_core.training.tracking.event_files import EventFiles

                found.append(EventFiles(config, run))
            elif asked:
                from sealife_core.training.tracking.wandb_run import WandbRun

                found.append(WandbRun(config, run, online=mode == "on"))
        except Exception as error:  # noqa: BLE001 - as above
            run.warn(
                f"{name} could not be started ({type(error).__name__}), so the run is not recorded there. It still"
                f" trains. Clone it when {name} works."
            )
    return found
