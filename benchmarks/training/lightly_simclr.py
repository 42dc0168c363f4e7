"""SimCLR as lightly's documentation builds it: its transform, head, loss and schedule in a plain loop.

The yardstick of photographs/simclr.py. Nothing here is of sealife_core; the encoder is saved under torchvision's names.
"""

import math
import os
from collections.abc import Sequence
from pathlib import Path

import torch
from lightly.loss import NTXentLoss
from lightly.models.modules import SimCLRProjectionHead
from lightly.transforms.simclr_transform import SimCLRTransform
from lightly.utils.scheduler import CosineWarmupScheduler
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision.models import resnet18
from tqdm import trange

WARMUP_EPOCHS = 5


class ViewPairs(Dataset):
    """lightly's two views of each image file."""

    def __init__(self, files: Sequence[Path], size_px: int) -> None:
        self.files = files
        self.transform = SimCLRTransform(input_size=size_px)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: int) -> list[Tensor]:
        with Image.open(self.files[place]) as image:
            return self.transform(image.convert("RGB"))  # pyright: ignore[reportReturnType]


def train_encoder(
    files: Sequence[Path], target: Path, *, epochs: int, size_px: int, batch_size: int, temperature: float
) -> None:
    """Train ResNet18 from random weights, seed 0, on ``files`` and save its state dict as ``target``.

    SGD at 0.075 × √batch (SimCLR paper, appendix B.1), five epochs of warm-up, then a cosine.
    """
    torch.manual_seed(0)
    loader = DataLoader(
        ViewPairs(files, size_px), batch_size,
        shuffle=True, drop_last=True, num_workers=os.cpu_count() or 1, persistent_workers=True,
    )  # fmt: skip
    encoder = resnet18()
    encoder.fc = nn.Identity()  # pyright: ignore[reportAttributeAccessIssue]
    head = SimCLRProjectionHead(512, 512, 128)
    model = nn.Sequential(encoder, head).to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(model.parameters(), 0.075 * math.sqrt(batch_size), momentum=0.9, weight_decay=1e-4)
    schedule = CosineWarmupScheduler(optimiser, min(WARMUP_EPOCHS, epochs), epochs)
    criterion = NTXentLoss(temperature)
    bar = trange(epochs, desc="lightly", unit="epoch")
    for _ in bar:
        for first, second in loader:
            views = torch.cat((first, second)).to(memory_format=torch.channels_last)
            loss = criterion(*model(views).chunk(2))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            bar.set_postfix(loss=f"{loss.item():.3f}")
        schedule.step()
    half_written = target.with_suffix(".partial")
    torch.save(encoder.state_dict(), half_written)
    half_written.replace(target)
