"""SimCLR (arXiv 2002.05709) as a LightningModule: two views, one encoder, a projection head, NT-Xent."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, Int64
from pytorch_lightning import LightningModule
from torch import Tensor, nn

from sealife_core.config import SimclrConfig
from sealife_core.datasets.decoding.pixels import Pixels
from sealife_core.evaluation.embeddings.compute import evaluating
from sealife_core.models.distributed import rank_and_world_size
from sealife_core.models.encoders import Encoder
from sealife_core.models.folding import FoldedTraining
from sealife_core.models.heads import projection_head
from sealife_core.models.losses import contrastive_accuracy, nt_xent
from sealife_core.training.hardware import Hardware
from sealife_core.training.inputs import network_inputs
from sealife_core.training.schedules import build_optimiser, parameter_groups, warmup_cosine
from sealife_core.views.sampling import ViewParameters, draw_views, generator_for
from sealife_core.views.transforms import empty_views


class SimclrModule(LightningModule):
    """Trains ``encoder`` so that two views of one image lie closer than views of different images.

    batch_size: images a step, after reduction to what the data set holds; it sets the learning rate.
    """

    views_an_image = 2
    spares = True  # False in a run that began when everything decayed (resume_point.py)

    def __init__(self, config: SimclrConfig, encoder: Encoder, *, batch_size: int) -> None:
        super().__init__()
        self.config = config
        self.batch_size = batch_size
        self._views: Tensor | None = None
        self.encoder, self._learning = encoder, FoldedTraining(encoder)
        self.head = projection_head(config.head, encoder.feature_dim, config.head_hidden, config.head_out)

    def two_views(self, batch: dict[str, Tensor], *numbers: int, share: tuple[int, int] = (0, 1)) -> Tensor:
        """Two independent views of every image: (2n, 3, H, W), normalised; row i and row n + i are a positive pair.

        ``numbers`` (beside the seed) decide what is drawn, so that a resumed run sees the views it would have seen;
        ``share``: which part ``batch`` is of one that several devices share. On a processor the next call writes over
        the tensor.
        """
        generator = generator_for(self.config.seed, *numbers)
        aspects = batch["aspects"].cpu()
        drawn = ViewParameters.cat(self.draw_pair(aspects, generator, share))
        return network_inputs(batch["images"], drawn, self.config, self._room(batch["images"], len(drawn)))

    def draw_pair(self, aspects: Tensor, generator: torch.Generator, share: tuple[int, int]) -> list[ViewParameters]:
        """What both views of each image are; ``aspects`` (n,): width / height."""
        return [draw_views(self.config.views, aspects, generator, share) for _ in range(2)]

    def loss(self, z0: Tensor, z1: Tensor, *, distributed: bool = False) -> Tensor:
        """NT-Xent of projections z0, z1 (n, d), in nats."""
        return nt_xent(z0, z1, self.config.temperature, distributed=distributed)

    def accuracy(self, z0: Tensor, z1: Tensor, *, distributed: bool = False) -> Tensor:
        """How often the loss has its way, 0 … 1: of all other views the partner is the most similar one."""
        return contrastive_accuracy(z0, z1, distributed=distributed)

    def _room(self, images: Tensor, count: int) -> Tensor | None:
        """Where ``count`` views go: on a processor into the memory of the last ones, since the system takes longer to
        give fresh memory than the views take to be written. An accelerator's memory is kept by PyTorch."""
        if images.device.type != "cpu":
            return None
        if self._views is None or len(self._views) != count:
            # An evaluation may be the first to ask; training could not use what was made in inference mode.
            with torch.inference_mode(False):
                self._views = empty_views(count, self.config.image_size_px, images.device)
        return self._views

    def forward(self, views: Tensor) -> tuple[Tensor, Tensor]:
        """Views (n, 3, H, W) → features h (n, D) and projections z (n, d)."""
        h = self._learning(views)
        return h, self.head(h)

    def training_step(self, batch: dict[str, Tensor], batch_index: int) -> Tensor:
        """One step on a batch of n images: both views in one forward pass, so BatchNorm sees them as one.

        Where devices share a batch, loss and accuracy are those of all of it, on each of them.
        """
        share = rank_and_world_size()
        distributed = share[1] > 1
        _, z = self(self.two_views(batch, self.global_step, share=share))
        z0, z1 = z.chunk(2)
        loss = self.loss(z0, z1, distributed=distributed)
        self.log("train/loss", loss)
        self.log("train/contrastive_accuracy", self.accuracy(z0.detach(), z1.detach(), distributed=distributed))
        return loss

    def configure_optimizers(self) -> Any:
        """The optimiser with warm-up and cosine, both counted in steps."""
        rate = self.config.peak_learning_rate(self.batch_size)
        groups = parameter_groups(self, learning_rate=rate, weight_decay=self.config.weight_decay, spares=self.spares)
        optimiser = build_optimiser(self.config.optimiser, groups)
        total = int(self.trainer.estimated_stepping_batches)
        steps_per_epoch = max(1, total // self.config.epochs)
        warmup = min(self.config.warmup_epochs * steps_per_epoch, total // 10)
        schedule = warmup_cosine(optimiser, warmup_steps=warmup, total_steps=total)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def projected_pairs(
    module: SimclrModule,
    pixels: Pixels,
    rows: Int64[np.ndarray, " n"],
    machine: Hardware,
    model: tuple[nn.Module, nn.Module] | None = None,
) -> Float32[np.ndarray, "2 n d"]:
    """Projections of two views of each image of ``rows``; at every call the same views, as seed and ``rows`` decide.

    By ``module`` as it stands, or by another encoder and head: ``model``. Both are evaluated, and left as they were.
    """
    encoder, head = model or (module.encoder, module.head)
    images, aspects = pixels.gather(rows)
    found = []
    with torch.inference_mode(), machine.autocast, evaluating(encoder), evaluating(head):
        for start in range(0, len(rows), 128):
            part = slice(start, start + 128)
            batch = {"images": images[part].to(module.device), "aspects": aspects[part]}
            z = head(encoder(module.two_views(batch, 0, start)))
            found.append(torch.stack(z.float().chunk(2)).cpu())
    return torch.cat(found, dim=1).numpy()
