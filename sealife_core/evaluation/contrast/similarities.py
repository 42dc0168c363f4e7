"""How similar the views of a batch are, and what NT-Xent makes of that: SimCLR, eq. 1 (arXiv 2002.05709).

Each of the 2N views is the anchor once. Its partner is the other view of the same image (row i and row N + i are a
positive pair); the other 2N − 2 views are its negatives. Losses are in nats. The functions of ``similarities`` take
the matrix that :func:`similarity_matrix` gives.
"""

from collections.abc import Sequence
from math import exp, log

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from sealife_core.models.losses import partners


def similarity_matrix(views: Float[Tensor, "views d"]) -> Float[Tensor, "views views"]:
    """The cosine of every view with every other, −1 … 1, in float64. ``views``: features h or projections z."""
    unit = functional.normalize(views.double(), dim=1)
    return unit @ unit.T


def anchor_loss(similarities: Sequence[float], anchor: int, partner: int, temperature: float) -> float:
    """-ln of the softmax probability that the anchor gives to its partner, among all views but itself."""
    logits = [similarity / temperature for similarity in similarities]
    others = [logit for view, logit in enumerate(logits) if view != anchor]
    highest = max(others)  # subtracted, so that exp() cannot overflow
    total = sum(exp(logit - highest) for logit in others)
    log_total = highest + log(total)
    return log_total - logits[partner]


def losses(similarities: Float[Tensor, "views views"], temperature: float) -> Float[Tensor, " views"]:
    """:func:`anchor_loss` of every view. Their mean is the loss of the batch, ``models.losses.nt_xent``."""
    of_each = zip(similarities.tolist(), partners(similarities).tolist(), strict=True)
    found = [anchor_loss(row, anchor, partner, temperature) for anchor, (row, partner) in enumerate(of_each)]
    return similarities.new_tensor(found)


def gradient_shares(similarities: Float[Tensor, "views views"], temperature: float) -> Float[Tensor, "views views"]:
    """How the gradient of anchor i's loss by its similarities is shared among its negatives: row i adds up to 1.

    The derivative by the similarity of negative j is p_ij / τ, and that by the partner's is (p_i,partner − 1) / τ. So
    the share of j is p_ij / (1 − p_i,partner), which is the softmax among the negatives alone: computed as that, it
    keeps its digits where p_i,partner rounds to 1. The anchor and its partner have 0; without negatives all have.
    """
    views = len(similarities)
    negative = torch.ones(views, views, dtype=torch.bool).fill_diagonal_(False)
    negative[torch.arange(views), partners(similarities)] = False
    return (similarities / temperature).masked_fill(~negative, -torch.inf).softmax(dim=1).nan_to_num(0.0)
