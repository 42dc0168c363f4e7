"""Memory of a run's process, from its start to its figures, beside its network and one batch alone.

    python -m benchmarks.training.memory

Both are processes of their own, and what counts is the most that each ever held (Linux's ru_maxrss, mapped files that
lie in memory included: for a run also the decoded images). A run is a real worker with SimCLR, ResNet18, 96 px, batch
128. Alone are torch, torchvision, Lightning, torchvision's network with a projection head, and steps on views that lie
ready.
"""

import os
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.measuring import Figure, main, own_home
from sealife_core.config import preset
from sealife_core.datasets.reef import draw_reef
from sealife_core.runs.directory import create_run

IMAGES, SIDE_PX, BATCH = 800, 96, 128  # 640 to train on: five steps
STEPS = 4
ALONE = "from benchmarks.training.memory import alone; alone()"


def measure() -> Iterator[Figure]:
    with own_home():
        reef = draw_reef(images=IMAGES, size_px=2 * SIDE_PX)
        config = preset(
            "simclr", "Standard", image_size_px=SIDE_PX, batch_size=BATCH, epochs=1, monitor_every=1, device="cpu",
            precision="fp32",
        )  # fmt: skip
        run = create_run(config, data_hash=reef.content_hash)
        worker_mb = peak_mb([sys.executable, "-m", "sealife_core.worker", str(run.path)])
        alone_mb = peak_mb([sys.executable, "-c", ALONE])
    told = f"{worker_mb:,.0f} against {alone_mb:,.0f} MB; mapped files included"
    yield Figure("Most memory of a SimCLR worker: against its parts alone", worker_mb / alone_mb, "×", "≤ 1.3", told)


def peak_mb(command: list[str]) -> float:
    """The most memory that a process held, in MB. Raises CalledProcessError if it failed."""
    child = subprocess.Popen(command, stdout=sys.stderr)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return used.ru_maxrss * 1024 / 1e6


def alone() -> None:
    """A few steps of a plain module in Lightning's world, on one batch of views that lies ready."""
    import pytorch_lightning
    import torch
    from torch import nn
    from torchvision.models import resnet18

    class Alone(pytorch_lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = resnet18()
            self.encoder.fc = nn.Identity()  # pyright: ignore[reportAttributeAccessIssue]
            self.head = nn.Sequential(nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, 128))

    module = Alone().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.SGD(module.parameters(), 0.1, momentum=0.9)
    views = torch.randn(2 * BATCH, 3, SIDE_PX, SIDE_PX).contiguous(memory_format=torch.channels_last)
    partners = torch.arange(2 * BATCH).roll(BATCH)
    for _ in range(STEPS):
        z = nn.functional.normalize(module.head(module.encoder(views)))
        similarity = (z @ z.T / 0.2).fill_diagonal_(-torch.inf)
        optimiser.zero_grad()
        nn.functional.cross_entropy(similarity, partners).backward()
        optimiser.step()


if __name__ == "__main__":
    main(measure, __doc__)
