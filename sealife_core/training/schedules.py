"""Optimisers and learning-rate schedules. Every schedule counts steps, never epochs."""

import math
from collections.abc import Iterable
from typing import Any

from torch import nn, optim
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts, LambdaLR, LRScheduler, OneCycleLR

WARMUP_SHARE = 0.05  # of a cosine schedule for classifiers: enough for AdamW's second moments to settle


def parameter_groups(module: nn.Module, *, learning_rate: float, weight_decay: float) -> list[dict[str, Any]]:
    """The trainable parameters of ``module`` in two groups: matrices and filters decay, biases and norms do not.

    The second is also the one that LARS leaves alone (SimCLR, appendix B).
    """
    trained = [p for p in module.parameters() if p.requires_grad]
    decayed = {"params": [p for p in trained if p.ndim > 1], "lr": learning_rate, "weight_decay": weight_decay}
    plain = {"params": [p for p in trained if p.ndim <= 1], "lr": learning_rate, "weight_decay": 0.0}
    return [group for group in (decayed, plain) if group["params"]]


def build_optimiser(name: str, groups: Iterable[dict[str, Any]]) -> optim.Optimizer:
    """SGD and LARS with momentum 0.9 (SimCLR, appendix B), AdamW with PyTorch's own betas.

    Fused where PyTorch can: one pass over the weights instead of several; a third of the time of a step on a processor.
    """
    groups = list(groups)
    if name == "sgd":
        return optim.SGD(groups, momentum=0.9, fused=True)
    if name == "lars":
        from timm.optim.lars import Lars  # here: it brings all of timm, 1.3 s that other runs need not wait

        # Matrices and filters are adapted whether or not they decay; timm's default is SGD where they do not.
        groups = [group | {"always_adapt": group["params"][0].ndim > 1} for group in groups]
        return Lars(groups, momentum=0.9)  # type: ignore[arg-type] - timm annotates it as int
    return optim.AdamW(groups, fused=True)


def warmup_cosine(optimiser: optim.Optimizer, *, warmup_steps: int, total_steps: int) -> LRScheduler:
    """A linear rise over ``warmup_steps``, then half a cosine down to zero at ``total_steps``."""

    def factor(step: int) -> float:
        if step < warmup_steps:
            return (step + 1) / warmup_steps
        progress = (step - warmup_steps) / max(1, total_steps - warmup_steps)
        return 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))

    return LambdaLR(optimiser, factor)


def classifier_schedule(
    name: str, optimiser: optim.Optimizer, *, total_steps: int, restart_steps: int
) -> LRScheduler | None:
    """OneCycleLR, CosineAnnealingWarmRestarts (each fall twice as long as the last), cosine, or None for constant."""
    if name == "onecycle":
        return OneCycleLR(optimiser, max_lr=[g["lr"] for g in optimiser.param_groups], total_steps=max(2, total_steps))
    if name == "warm_restarts":
        return CosineAnnealingWarmRestarts(optimiser, T_0=max(1, restart_steps), T_mult=2)
    if name == "cosine":
        return warmup_cosine(optimiser, warmup_steps=int(WARMUP_SHARE * total_steps), total_steps=total_steps)
    return None
