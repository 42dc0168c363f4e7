"""How similar the views of a batch are, and what NT-Xent makes of that: SimCLR, eq. 1 (arXiv 2002.05709).

Each of the 2N views is the anchor once. Its partner is the other view of the same image (row i and row N + i are a
positive pair); the other 2N − 2 views are its negatives. Losses are in nats. The functions of ``similarities`` take
the matrix that :func:`similarity_matrix` gives.
"""

from collections.abc import Sequence
from math import exp, log

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional


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


def partners(similarities: Float[Tensor, "views views"]) -> Int[Tensor, " views"]:
    """The other view of the same image, of each view."""
    return torch.arange(len(similarities)).roll(len(similarities) // 2)


def losses(similarities: Float[Tensor, "views views"], temperature: float) -> Float[Tensor, " views"]:
    """:func:`anchor_loss` of every view. Their mean is the loss of the batch, ``models.losses.nt_xent``."""
    of_each = zip(similarities.tolist(), partners(similarities).tolist(), strict=True)
    found = [anchor_loss(row, anchor, partner, temperature) for anchor, (row, partner) in enumerate(of_each)]
    return similarities.new_tensor(found)


def chance(views: int) -> float:
    """The loss where all similarities are equal: ln(2N − 1) of 2N ``views``."""
    return log(views - 1)


def probabilities(similarities: Float[Tensor, "views views"], temperature: float) -> Float[Tensor, "views views"]:
    """Row i is the softmax that anchor i gives to all other views; itself has 0."""
    itself = torch.eye(len(similarities), dtype=torch.bool)
    return (similarities / temperature).masked_fill(itself, -torch.inf).softmax(dim=1)


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


def false_negative_shares(
    shares: Float[Tensor, "views views"], labels: Int[Tensor, " images"]
) -> Float[Tensor, " views"]:
    """How much of each anchor's gradient among negatives pushes it away from images of its own class, 0 … 1.

    shares: of :func:`gradient_shares`; labels: the class of each of the N images, -1 for none.
    """
    of_views = labels.repeat(2)
    return (shares * ((of_views[:, None] == of_views) & (of_views >= 0))).sum(dim=1)
