"""Optimisers and learning-rate schedules. Every schedule counts steps, never epochs."""

import math
from collections.abc import Iterable
from fnmatch import fnmatch
from typing import Any

from torch import nn, optim
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts, LambdaLR, LRScheduler, OneCycleLR

WARMUP_SHARE = 0.05  # of a cosine schedule for classifiers: enough for AdamW's second moments to settle


def parameter_groups(
    module: nn.Module, *, learning_rate: float, weight_decay: float, spares: bool = True
) -> list[dict[str, Any]]:
    """The trainable parameters of ``module`` in two groups: matrices and filters decay, biases and norms do not; nor
    does what a network of timm ``spares``: tokens, embeddings of positions.

    The second is also the one that LARS leaves alone (SimCLR, appendix B).
    """
    spared = _spared(module) if spares else set()
    decayed: dict[str, Any] = {"params": [], "lr": learning_rate, "weight_decay": weight_decay}
    plain: dict[str, Any] = {"params": [], "lr": learning_rate, "weight_decay": 0.0}
    for parameter in module.parameters():
        if parameter.requires_grad:
            (decayed if parameter.ndim > 1 and parameter not in spared else plain)["params"].append(parameter)
    return [group for group in (decayed, plain) if group["params"]]


def _spared(module: nn.Module) -> set[nn.Parameter]:
    """What the parts of ``module`` list, by name or pattern, as timm's networks do."""
    found: set[nn.Parameter] = set()
    for part in module.modules():
        if callable(listed := getattr(part, "no_weight_decay", None)):
            patterns: Any = listed()
            found |= {p for name, p in part.named_parameters() if any(fnmatch(name, pattern) for pattern in patterns)}
    return found


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
        groups = [group | {"always_adapt": all(p.ndim > 1 for p in group["params"])} for group in groups]
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
