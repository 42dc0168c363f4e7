"""An encoder looked at as contrastive learning does: views in; features h and, after SimCLR, projections z out."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from sealife_core.errors import WeightsError
from sealife_core.evaluation.embeddings.compute import on_every_core, usual_batch
from sealife_core.evaluation.embeddings.stored_embeddings import snapshot_folder
from sealife_core.models.checkpoint import load_model
from sealife_core.models.encoders import Encoder
from sealife_core.models.folding import folded
from sealife_core.models.known import facts
from sealife_core.models.weights import starting_encoder
from sealife_core.runs.run import Run
from sealife_core.views.transforms import normalise


@dataclass(frozen=True)
class ViewEncoder:
    """An encoder and the projection head that it learned with, both in ``eval()``, on the CPU.

    head: None where there is none: an untrained encoder, ImageNet's, a classifier. image_size_px: side of the views.
    """

    encoder: Encoder
    head: nn.Module | None
    image_size_px: int

    def embed(self, views: Float[Tensor, "n 3 side side"]) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n k"] | None]:
        """h and z (None: no head) of views in [0, 1]. Batch norm uses its stored statistics, as after training."""
        size = usual_batch(self.image_size_px, "cpu")
        # Each core takes whole batches: with one batch on all cores, each would wait for the others at every layer.
        parts = on_every_core(
            lambda start: self._embed(views[start : start + size]), range(0, len(views), size), "cpu"
        )  # fmt: skip
        features, projections = zip(*parts, strict=True)
        return torch.cat(features), torch.cat(projections) if self.head is not None else None

    @torch.inference_mode()
    def _embed(self, views: Float[Tensor, "n 3 side side"]) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n k"]]:
        """h and z of one batch; without a head z is h."""
        h = self.encoder(normalise(views, self.encoder.mean, self.encoder.std)).float()
        return h, h if self.head is None else self.head(h)


def of_run(run: Run, epoch: int | None = None) -> ViewEncoder:
    """The encoder of ``run`` as it ended, or as it was after ``epoch`` epochs. Raises WeightsError."""
    encoder, head, card = load_model(run.path if epoch is None else snapshot_folder(run.path, epoch))
    return ViewEncoder(folded(encoder), head if card.kind == "simclr" else None, card.image_size_px)


def untrained(name: str, image_size_px: int, seed: int = 0) -> ViewEncoder:
    """The network ``name`` before it has learned anything; ``seed`` decides its random weights."""
    return _starting("random", name, image_size_px, seed)


def imagenet(name: str, image_size_px: int | None = None) -> ViewEncoder:
    """The network ``name`` with its published weights, for views of the size it was made for unless told.

    Raises WeightsError where the weights cannot be had.
    """
    return _starting("imagenet", name, image_size_px or facts(name).own_px, 0)


def _starting(weights: str, name: str, image_size_px: int, seed: int) -> ViewEncoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            encoder, _ = starting_encoder(weights, name, "auto", image_size_px)
        except ValueError as error:  # no such network
            raise WeightsError(str(error)) from error
    return ViewEncoder(folded(encoder.eval()), None, image_size_px)
