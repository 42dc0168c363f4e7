"""NT-Xent and its accuracy, and focal loss. All are computed in at least float32, also under autocast."""

import torch
from torch import Tensor
from torch.nn import functional


def nt_xent(z0: Tensor, z1: Tensor, temperature: float) -> Tensor:
    """NT-Xent, SimCLR eq. 1 (arXiv 2002.05709). Returns a scalar, in nats.

    z0, z1: (N, D) projections of two views of the same N images; row i of both is a positive pair, and the other
    2N − 2 rows are its negatives. Chance is ln(2N − 1); one pair alone (N = 1) has nothing to tell apart: 0.
    Raises ValueError for shapes that differ or a temperature that is not positive.
    """
    if not temperature > 0:
        raise ValueError(f"The temperature is {temperature}; expected a number above 0.")
    with torch.autocast(z0.device.type, enabled=False):
        similarity = _similarity(z0, z1) / temperature
        return functional.cross_entropy(similarity, _partners(similarity))


@torch.no_grad()
def contrastive_accuracy(z0: Tensor, z1: Tensor) -> Tensor:
    """How often a view's partner is the nearest of the other 2N − 1 views: a scalar in 0 … 1; chance is 1 / (2N − 1).

    z0, z1: (N, D) as in :func:`nt_xent`.
    """
    with torch.autocast(z0.device.type, enabled=False):
        similarity = _similarity(z0, z1)
        return (similarity.argmax(dim=1) == _partners(similarity)).float().mean()


def focal_loss(logits: Tensor, labels: Tensor, gamma: float, weight: Tensor | None = None) -> Tensor:
    """Focal loss in its softmax form: mean of −w_y (1 − p_y)^γ ln p_y (arXiv 1708.02002, eq. 4 and 5). A scalar.

    logits: (n, C); labels: (n,) class indices; weight: (C,) or None. The mean is weighted by w_y as in torch's
    cross-entropy, which this equals at γ = 0. Raises ValueError for shapes that do not fit or a negative γ.
    """
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(
            f"Logits {tuple(logits.shape)} and labels {tuple(labels.shape)} do not fit; expected (n, C) and (n,)."
        )
    if gamma < 0:
        raise ValueError(f"Gamma is {gamma}; expected 0 or more.")
    log_p = functional.log_softmax(_full_precision(logits), dim=1).gather(1, labels[:, None]).squeeze(1)
    # The slope of (1 − p)^γ is infinite at p = 1 for γ < 1; from so far on an image no longer pulls.
    wrongness = (-torch.expm1(log_p)).clamp(min=1e-12)
    loss = -(wrongness**gamma) * log_p
    if weight is None:
        return loss.mean()
    chosen = weight.to(loss)[labels]
    return (chosen * loss).sum() / chosen.sum()


def _similarity(z0: Tensor, z1: Tensor) -> Tensor:
    """Cosines of all 2N views with one another, (2N, 2N), −∞ on the diagonal: no view is its own negative."""
    if z0.ndim != 2 or z0.shape != z1.shape or not len(z0):
        raise ValueError(
            f"Projections {tuple(z0.shape)} and {tuple(z1.shape)} do not fit; expected (N, D) twice, N at least 1."
        )
    z = functional.normalize(_full_precision(torch.cat([z0, z1])), dim=1)
    # A matrix product: broadcasting would hold (2N)²·D numbers. The mask goes in before the log-sum-exp; to subtract
    # the diagonal after it loses all digits at low temperatures.
    return (z @ z.T).masked_fill(torch.eye(len(z), dtype=torch.bool, device=z.device), -torch.inf)


def _partners(similarity: Tensor) -> Tensor:
    """(2N,) row of each view's partner: i and N + i are a pair."""
    views = len(similarity)
    return torch.arange(views, device=similarity.device).roll(views // 2)


def _full_precision(x: Tensor) -> Tensor:
    return x.to(torch.promote_types(x.dtype, torch.float32))
