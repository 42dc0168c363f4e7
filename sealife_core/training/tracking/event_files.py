"""A run as event files, which ``tensorboard --logdir`` shows: curves, pictures, results."""

import json
from collections.abc import Mapping

import numpy as np
from PIL import Image

from sealife_core.config import AnyConfig, nested, trained_settings
from sealife_core.runs.tracking_links import TENSORBOARD
from sealife_core.runs.writer import RunWriter
from sealife_core.training.tracking.logged_media import Predictions

FLUSH_S = 10  # a page of TensorBoard asks every 30 s


class EventFiles:
    """Event files in ``tensorboard/`` of the run's directory; a resumed run adds another one."""

    name = "TensorBoard"

    def __init__(self, config: AnyConfig, run: RunWriter) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._folder, self._figures = run.path / TENSORBOARD, run.path / "figures"
        self._writer = SummaryWriter(str(self._folder), flush_secs=FLUSH_S)
        self._step = 0
        settings = json.dumps(nested(trained_settings(config)), indent=1, ensure_ascii=False)
        self._writer.add_text("config", "".join(f"    {line}\n" for line in settings.splitlines()))

    @property
    def rescue(self) -> str:
        """Where the event files are."""
        return f"What was recorded so far is in {self._folder}."

    def metrics(self, step: int, epoch: float, values: Mapping[str, float]) -> None:
        """Everything stands over steps; ``epoch`` is a curve of its own."""
        self._step = step
        for name, value in {**values, "epoch": epoch}.items():
            self._writer.add_scalar(name, value, step)

    def picture(self, name: str, pixels: np.ndarray, says: str) -> None:
        """pixels: (H, W, 3) uint8."""
        self._writer.add_image(name, pixels, self._step, dataformats="HWC")
        self._writer.add_text(name, says, self._step)

    def predictions(self, found: Predictions) -> None:
        """Confusion matrix and a page of predictions, as the run drew them itself."""
        for figure in ("confusion", "predictions"):
            with Image.open(self._figures / f"{figure}.png") as drawn:
                pixels = np.asarray(drawn.convert("RGB"))
            self._writer.add_image(f"{found.split}/{figure}", pixels, self._step, dataformats="HWC")

    def results(self, values: Mapping[str, float | str]) -> None:
        """The scores of the kept model, beside the curves: ``result/test/accuracy``."""
        for name, value in values.items():
            if isinstance(value, str):
                self._writer.add_text(f"result/{name}", value, self._step)
            else:
                self._writer.add_scalar(f"result/{name}", value, self._step)

    def model(self) -> None:
        """Event files hold no weights; the model lies beside them."""

    def finish(self, *, well: bool) -> None:
        """Write what is left."""
        self._writer.close()

    def leave(self) -> None:
        """The same: it takes milliseconds."""
        self._writer.close()
