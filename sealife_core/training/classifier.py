"""One LightningModule for every classifier that is trained in steps: fine-tuning, transfer, from scratch, a head alone.

They differ in where the encoder's weights come from and in how many of its stages train. A head on features that were
computed once is the same module with an encoder that passes features through. The loss serves a solved probe as well.
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int64
from pytorch_lightning import LightningModule
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer
from torchmetrics import Metric
from torchmetrics.classification import MulticlassAccuracy, MulticlassStatScores

from sealife_core.config import LABELLED, ClassifierConfig, FineTuneConfig
from sealife_core.evaluation.classification.scores import confusion, macro_f1
from sealife_core.models.distributed import all_reduce, rank_and_world_size
from sealife_core.models.folding import FoldedTraining
from sealife_core.models.heads import classification_head
from sealife_core.models.losses import focal_loss, weighted_mean
from sealife_core.training.fine_tuning.activation_batches import restored
from sealife_core.training.inputs import network_inputs
from sealife_core.training.schedules import build_optimiser, classifier_schedule, parameter_groups
from sealife_core.views.sampling import centre_view, draw_views, generator_for


class MeanLoss(Metric):
    """Σ loss / Σ weight of the images of all batches and devices, however they were cut into batches.

    NaN where all together weigh nothing: there is no mean then. torchmetrics' own leaves out a value that is no number,
    which should be seen, or forgets the weights.
    """

    total: Tensor
    weight: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("total", torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("weight", torch.tensor(0.0), dist_reduce_fx="sum")

    def update(self, total: Float[Tensor, ""], weight: Float[Tensor, ""]) -> None:
        """The losses of a batch, added up, and what its images weigh together."""
        self.total += total
        self.weight += weight

    def compute(self) -> Float[Tensor, ""]:
        """The mean so far."""
        return self.total / torch.where(self.weight > 0, self.weight, torch.nan)


class MacroF1(MulticlassStatScores):
    """Macro-F1 as ``scores.macro_f1`` defines it; torchmetrics' own also averages over
    classes that are only predicted."""

    def __init__(self, classes: int) -> None:
        super().__init__(classes, average=None)

    def compute(self) -> Float[Tensor, ""]:
        """In 0 … 1."""
        counts = super().compute()  # (C, 5): true and false positives, true and false negatives, support
        hits, wrongly_named, _, _, images = counts.cpu().numpy().T
        return torch.tensor(float(macro_f1(hits, images, hits + wrongly_named)), device=counts.device)


class ClassifierLoss(nn.Module):
    """Cross-entropy or focal loss, as ``config`` asks. class_weights: of each class; None: all alike."""

    class_weights: Tensor | None

    def __init__(self, config: ClassifierConfig, class_weights: Float[Tensor, " classes"] | None = None) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("class_weights", class_weights, persistent=False)

    def forward(self, logits: Float[Tensor, "n classes"], labels: Int64[Tensor, " n"]) -> Float[Tensor, ""]:
        """Mean loss over the batch; 0 where all of its classes have weight 0."""
        return weighted_mean(self.total(logits, labels), self.weight(labels))

    def total(self, logits: Float[Tensor, "n classes"], labels: Int64[Tensor, " n"]) -> Float[Tensor, ""]:
        """The losses of a batch, each by the weight of its class, added up."""
        if self.config.loss == "focal":
            return focal_loss(logits, labels, self.config.focal_gamma, weight=self.class_weights)
        return functional.cross_entropy(
            logits.float(),
            labels,
            weight=self.class_weights,
            label_smoothing=self.config.label_smoothing,
            reduction="sum",
        )

    def weight(self, labels: Int64[Tensor, " n"]) -> Float[Tensor, ""]:
        """What labels weigh together in a mean of losses: their number, unless classes have weights."""
        if self.class_weights is None:
            return torch.full((), float(len(labels)), device=labels.device)
        return self.class_weights[labels].sum()


def validation_scores(
    loss: ClassifierLoss, logits: Float[Tensor, "n classes"], labels: Int64[Tensor, " n"]
) -> dict[str, float]:
    """Loss, accuracy and macro-F1 of all validation images, under the names of their metrics."""
    counts = confusion(labels.cpu().numpy(), logits.argmax(1).cpu().numpy(), logits.shape[1])
    mean = MeanLoss().to(logits.device)
    mean.update(loss.total(logits, labels), loss.weight(labels))
    return {
        "val/loss": float(mean.compute()),
        "val/accuracy": float((logits.argmax(1) == labels).float().mean()),
        "val/macro_f1": float(macro_f1(np.diag(counts), counts.sum(1), counts.sum(0))),
    }


class ClassifierModule(LightningModule):
    """Learns ``head(encoder(view))`` in steps.

    class_weights: as of the loss. ``cut``: the stage whose maps or tokens come as
    inputs instead of images, where batches hold activations (``activations.py``).
    """

    spares = True  # False in a run that began when everything decayed (resume_point.py)

    def __init__(
        self,
        config: FineTuneConfig,
        encoder: nn.Module,
        *,
        feature_dim: int,
        classes: int,
        class_weights: Float[Tensor, " classes"] | None = None,
    ) -> None:
        super().__init__()
        self.config = config
        self.encoder, self._learning = encoder, FoldedTraining(encoder)
        self.cut: str | None = None
        self.head = classification_head(feature_dim, classes, config.dropout)
        self.loss = ClassifierLoss(config, class_weights)
        self.train_accuracy = MulticlassAccuracy(classes, average="micro")
        self.val_loss = MeanLoss()
        self.val_accuracy = MulticlassAccuracy(classes, average="micro")
        self.val_macro_f1 = MacroF1(classes)

    def forward(self, inputs: Float[Tensor, "n ..."]) -> Float[Tensor, "n classes"]:
        """Views, or features where the encoder passes them through → logits."""
        return self.head(self._learning(inputs, self.cut))

    def inputs(self, batch: dict[str, Tensor], *, augment: bool) -> Float[Tensor, "n ..."]:
        """What the encoder gets for ``batch``: an augmented view, the centre view, or features computed before."""
        if "features" in batch:
            return batch["features"]
        if "activations" in batch:
            return restored(batch["activations"])
        aspects = batch["aspects"].cpu()
        if augment and self.config.augmentation != "none":
            generator = generator_for(self.config.seed, self.global_step)
            parameters = draw_views(LABELLED[self.config.augmentation], aspects, generator, rank_and_world_size())
        else:
            parameters = centre_view(aspects)
        return network_inputs(batch["images"], parameters, self.config)

    def training_step(self, batch: dict[str, Tensor], batch_index: int) -> Float[Tensor, ""]:
        """One step on a batch of labelled images."""
        logits = self(self.inputs(batch, augment=True))
        # Each device adds up its own, so that DDP's mean over devices is that of the whole batch, whatever each weighs.
        whole = all_reduce(self.loss.weight(batch["labels"]))
        loss = weighted_mean(self.loss.total(logits, batch["labels"]) * rank_and_world_size()[1], whole)
        self.train_accuracy.update(logits, batch["labels"])
        self.log("train/loss", loss, sync_dist=True)
        self.log("train/accuracy", self.train_accuracy, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch: dict[str, Tensor], batch_index: int) -> None:
        """Accumulates loss, accuracy and macro-F1 over the whole validation split."""
        logits = self(self.inputs(batch, augment=False))
        self.val_loss.update(self.loss.total(logits, batch["labels"]), self.loss.weight(batch["labels"]))
        self.val_accuracy.update(logits, batch["labels"])
        self.val_macro_f1.update(logits, batch["labels"])
        scores = {"val/loss": self.val_loss, "val/accuracy": self.val_accuracy, "val/macro_f1": self.val_macro_f1}
        self.log_dict(scores, on_epoch=True, batch_size=len(batch["labels"]))

    def optimiser(self) -> Optimizer:
        """The head at the full rate, the encoder's trained stages at a share of it."""
        config = self.config
        groups = parameter_groups(self.head, learning_rate=config.learning_rate, weight_decay=config.weight_decay)
        groups += parameter_groups(
            self.encoder,
            learning_rate=config.learning_rate * config.encoder_rate_factor,
            weight_decay=config.weight_decay,
            spares=self.spares,
        )
        return build_optimiser(config.optimiser, groups)

    def configure_optimizers(self) -> Any:
        """The optimiser and its schedule, which counts steps."""
        config, optimiser = self.config, self.optimiser()
        total = int(self.trainer.estimated_stepping_batches)
        restart = config.restart_epochs * max(1, total // config.epochs)
        schedule = classifier_schedule(config.schedule, optimiser, total_steps=total, restart_steps=restart)
        if schedule is None:
            return optimiser
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def balanced_weights(labels: Int64[Tensor, " n"], classes: int) -> Float[Tensor, " {classes}"]:
    """Weights n / (C' × count), where C' counts the classes present; 0 for an absent class."""
    counts = torch.bincount(labels, minlength=classes).float()
    present = counts > 0
    return torch.where(present, counts.sum() / (present.sum() * counts.clamp(min=1)), torch.zeros_like(counts))
