"""NT-Xent and focal loss."""

import torch
from torch import Tensor
from torch.nn import functional


def nt_xent(z0: Tensor, z1: Tensor, temperature: float) -> Tensor:
    """NT-Xent, SimCLR eq. 1 (arXiv 2002.05709).

    z0, z1: (N, D) projections of two views of the same N images; row i of both is a positive pair. Returns a scalar, in
    nats: the mean over all 2N views of −ln softmax(partner), among the 2N − 1 other views. Computed in fp32 by a masked
    log-sum-exp, so that temperature 0.01 is safe. Raises ValueError on shapes that are not (N, D) twice.
    """
    logits, partner = _similarities(z0, z1)
    return functional.cross_entropy(logits / temperature, partner)


def contrastive_accuracy(z0: Tensor, z1: Tensor) -> Tensor:
    """How often a view's nearest among the 2N − 1 others is its partner. z0, z1: (N, D). Returns a scalar in [0, 1]."""
    logits, partner = _similarities(z0, z1)
    return (logits.argmax(1) == partner).float().mean()


def focal_loss(logits: Tensor, labels: Tensor, gamma: float, weight: Tensor | None = None) -> Tensor:
    """Focal loss in its softmax form (arXiv 1708.02002, eq. 4-5): −(1 − p)^γ ln p of the true class.

    logits: (n, C); labels: (n,); weight: (C,) or None. Returns the (weighted) mean, in nats: at γ = 0, cross-entropy's.
    """
    log_p = functional.log_softmax(logits.float(), dim=1).gather(1, labels[:, None]).squeeze(1)
    # 1 − p by expm1: exact near p = 1, where its power would otherwise lose its gradient.
    losses = -((-torch.expm1(log_p)).clamp(min=1e-12) ** gamma) * log_p
    if weight is None:
        return losses.mean()
    share = weight[labels]
    return (share * losses).sum() / share.sum()


def _similarities(z0: Tensor, z1: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine similarities (2N, 2N) with −∞ on the diagonal, and the row of each view's partner (2N,)."""
    if z0.ndim != 2 or z0.shape != z1.shape or not len(z0):
        raise ValueError(f"Two (N, D) tensors of one shape are needed; got {tuple(z0.shape)} and {tuple(z1.shape)}.")
    n = len(z0)
    with torch.autocast(z0.device.type, enabled=False):
        z = functional.normalize(torch.cat([z0, z1]).to(torch.promote_types(z0.dtype, torch.float32)), dim=1)
        similarities = z @ z.T
    similarities.fill_diagonal_(-torch.inf)
    partner = torch.arange(2 * n, device=z.device).roll(n)
    return similarities, partner
