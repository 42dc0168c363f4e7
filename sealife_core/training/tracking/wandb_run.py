"""A run in Weights & Biases: on its server, or offline in the run's folder until ``wandb sync`` sends it.

wandb keeps a process of its own (wandb-core) that writes and sends; what is called here returns at once, but for the
first and the last call, which are bounded. Nothing of it leaves the run's folder, and nothing of this machine is sent
but what ``environment.json`` holds and how busy processor, memory and GPU are.
"""

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sealife_core.config import AnyConfig, nested, task_of, trained_settings
from sealife_core.environment import WANDB_MODE, WANDB_REMOVED, WANDB_RUN_ID, WANDB_SET, WANDB_SWEEP_ID
from sealife_core.neutral import terminal_text
from sealife_core.runs.directory import noted_run
from sealife_core.runs.run import MODEL, STOP
from sealife_core.runs.tracking_links import (
    CARRIED,
    NAME_LENGTH,
    WANDB,
    launched_with,
    shortened,
    sync_command,
    wandb_project,
    wandb_tags,
)
from sealife_core.runs.writer import RunWriter
from sealife_core.training.tracking.logged_media import Predictions

START_S = 15.0  # for a server to take up the run; one that does not answer by then is not waited for
FINISH_S, WITH_MODEL_S = 60.0, 300.0  # for what is left to be sent: 100 MB take 80 s at 10 Mbit/s
FLUSH_S = 2.0  # what a process that is killed may lose; wandb's own is 15 s
CARD = "model.json"


class WandbRun:
    """One run of ours as one run of Weights & Biases, which a resumed attempt goes on with."""

    name = "Weights & Biases"

    def __init__(self, config: AnyConfig, run: RunWriter, *, online: bool) -> None:
        self._config, self._writer = config, run
        self._variables = launched_with(run.run)
        _own_environment(self._variables, run.path / WANDB)
        import wandb  # reads the environment as it is imported

        self._wandb: Any = wandb
        self._run: Any = None
        try:
            if online and self._has_key():
                self._run = self._online()
            if self._run is None:
                self._run = self._begun("offline")
        finally:
            _forget_logs(run.path / WANDB)
        self._folder = Path(self._run.dir).parent
        self._is_online = not self._run.offline
        if self._is_online:
            run.environment(tracking={"wandb_url": self._run.url})
        print(
            terminal_text(f"{self.name}: {self._run.url if self._is_online else f'offline; {self._sync}'}"), flush=True
        )
        self._run.define_metric("step", hidden=True)
        self._run.define_metric("epoch", hidden=True)
        self._run.define_metric("train/*", step_metric="step")
        self._run.define_metric("val/*", step_metric="epoch")

    @property
    def rescue(self) -> str:
        """How to send what was recorded so far."""
        return f"To send what was recorded so far: {self._sync}."

    @property
    def _sync(self) -> str:
        return sync_command(self._folder)

    def metrics(self, step: int, epoch: float, values: Mapping[str, float]) -> None:
        """Training figures stand over steps, validation figures over epochs."""
        self._run.log({"step": step, "epoch": epoch, **values})

    def picture(self, name: str, pixels: np.ndarray, says: str) -> None:
        """pixels: (H, W, 3) uint8."""
        self._run.log({name: self._wandb.Image(pixels, caption=says)})

    def predictions(self, found: Predictions) -> None:
        """The confusion matrix of all predictions, and a table of some with their pictures."""
        place = {name: index for index, name in enumerate(found.classes)}
        truth, said = ([place[name] for name in found.table[column]] for column in ("label", "predicted"))
        matrix = self._wandb.plot.confusion_matrix(
            y_true=truth, preds=said, class_names=list(found.classes), title=f"Confusion matrix, {found.split}"
        )
        table = self._wandb.Table(columns=["image", "file", "id", "truth", "prediction", "confidence", "right"])
        columns = (found.table[name].tolist() for name in ("id", "label", "predicted", "confidence"))
        rows = list(zip(*columns, strict=True))
        for position, picture, file in zip(found.shown, found.pictures, found.files, strict=True):
            image_id, label, predicted, confidence = rows[position]
            table.add_data(self._wandb.Image(picture), file, image_id, label, predicted, confidence, label == predicted)
        self._run.log({f"{found.split}/confusion": matrix, f"{found.split}/predictions": table})

    def results(self, values: Mapping[str, float | str]) -> None:
        """The summary: what the kept model scored, in place of each curve's last value; and the machine it ran on."""
        self._run.summary.update(dict(values))
        machine = {key: value for key, value in self._writer.run.environment().items() if key != "tracking"}
        self._run.config.update({"machine": machine}, allow_val_change=True)

    def model(self) -> None:
        """Weights and card as an artifact; the files are read where they are."""
        folder = self._writer.path
        card = json.loads((folder / CARD).read_bytes())
        artifact = self._wandb.Artifact(f"model-{folder.name}", type="model", metadata=card)
        for name in (MODEL, CARD):
            artifact.add_file(str(folder / name), policy="immutable", skip_cache=True)
        self._run.log_artifact(artifact)

    def finish(self, *, well: bool) -> None:
        """Send what is left: at most a minute, or five with a model. Raises TimeoutError after that."""
        if self._is_online:
            self._writer.status(stage="recording", message="sending the last data to Weights & Biases")
        self._run.finish(exit_code=0 if well else 1)
        shutil.rmtree(self._writer.path / WANDB / "cache", ignore_errors=True)

    def leave(self) -> None:
        """Offline, close the file. Online nothing is waited for: wandb-core ends with this process."""
        if not self._is_online:
            self._run.finish(exit_code=1)

    def _has_key(self) -> bool:
        """Whether the server takes the key of this machine; if not, a warning says what to do."""
        self._writer.status(stage="starting", message="registering the run with Weights & Biases")
        try:
            if self._wandb.login(prompt=False, verify=True):
                return True
            self._writer.warn(f"There is no Weights & Biases key here: log in with 'wandb login'. {self._kept_offline}")
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no server to send to
            self._writer.warn(
                f"The Weights & Biases server cannot be reached, or refuses the key ({type(error).__name__}):"
                f" check it with 'wandb login --verify'. {self._kept_offline}"
            )
        return False

    def _online(self) -> Any:
        """The run on the server, or None with a warning."""
        try:
            return self._begun("online")
        except Exception as error:  # noqa: BLE001 - as above
            self._writer.warn(
                f"The Weights & Biases server did not accept the run within {START_S:.0f} s ({type(error).__name__})."
                f" {self._kept_offline}"
            )
            self._wandb.teardown()  # its process holds on to the run's id
            shutil.rmtree(self._writer.path / WANDB / "cache", ignore_errors=True)
            return None

    @property
    def _kept_offline(self) -> str:
        return f"The run is kept offline; to send it later: wandb sync {self._writer.path / WANDB}/offline-run-*."

    def _begun(self, mode: Literal["online", "offline"]) -> Any:
        run = self._writer.run
        notes = run.notes()
        study = noted_run(notes["study"], run.root).notes()["name"] if notes["study"] else ""
        in_sweep = WANDB_SWEEP_ID.is_set(self._variables)  # which then decides project and id
        return self._wandb.init(
            mode=mode,
            project=None if in_sweep else wandb_project(self._config.wandb_project, self._variables),
            id=None if in_sweep else WANDB_RUN_ID.text(self._variables, run.id),
            name=shortened(notes["name"], NAME_LENGTH),
            notes=notes["notes"] or None,
            tags=wandb_tags([*notes["tags"], *(["broken"] if self._config.broken else [])]) or None,
            group=shortened(study, NAME_LENGTH) if study else None,
            job_type=task_of(self._config),
            config=nested(trained_settings(self._config)),
            resume="allow",
            settings=self._wandb.Settings(
                root_dir=str(self._writer.path),
                use_dot_wandb=False,
                silent=True,
                console="off",
                init_timeout=START_S,
                finish_timeout=WITH_MODEL_S if self._config.wandb_model else FINISH_S,
                finish_timeout_raises=True,
                save_code=False,
                disable_code=True,
                disable_git=True,
                label_disable=True,
                symlink=False,
                x_disable_meta=True,
                x_disable_machine_info=True,
                x_save_requirements=False,
                x_transaction_log_flush_interval=FLUSH_S,
                stop_fn=(self._writer.path / STOP).touch,  # the stop button of its page is ours too
            ),
        )


def _own_environment(variables: Mapping[str, str], folder: Path) -> None:
    """Make this process's WANDB_… those of the launch, and have all files of wandb below ``folder``."""
    for name in (*CARRIED, *(one.name for one in WANDB_REMOVED)):
        os.environ.pop(name, None)
    folder.mkdir(exist_ok=True)
    os.environ |= {name: value for name, value in variables.items() if name != WANDB_MODE.name}  # init is told the mode
    silent, reporting, data, cache = (one.name for one in WANDB_SET)
    # Its reports of its own errors would name what is on this machine.
    os.environ |= {silent: "true", reporting: "false", data: str(folder / "data"), cache: str(folder / "cache")}


def _forget_logs(folder: Path) -> None:
    """Take away the names of wandb's own logs, which are open by now: it writes there what a server answers, word for
    word, and an answer may repeat the key. What has no name is gone with the process."""
    for file in folder.rglob("*.log"):
        with suppress(OSError):  # where a file that is open cannot be taken away
            file.unlink()
