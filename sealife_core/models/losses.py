"""NT-Xent and its accuracy, focal loss, weighted means. All are computed in at least float32, also under autocast."""

from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional

from sealife_core.models.distributed import all_gather, all_reduce, rank_and_world_size

# So many similarities at a time: 4 MB stay in the cache; 2^18 to 2^22 take the same time within a tenth.
_BLOCK_CELLS = 2**20
_FEWEST_ROWS = 64  # with fewer, matrix products wait for memory


def nt_xent(
    z0: Float[Tensor, "n d"], z1: Float[Tensor, "n d"], temperature: float, *, distributed: bool = False
) -> Float[Tensor, ""]:
    """NT-Xent in nats, SimCLR eq. 1 (arXiv 2002.05709).

    z0, z1: projections of two views of the same N images; row i of both is a positive pair, and the other 2N − 2 rows
    are its negatives. Chance is ln(2N − 1); one pair alone (N = 1) has nothing to tell apart: 0.
    distributed: z0, z1 are this device's share, as large as every other's; negatives come from all of them. The value
    is that of the whole batch, and so is the gradient once it is averaged over the devices, as DDP does.
    Raises ValueError for shapes that differ or a temperature that is not positive.
    """
    if not temperature > 0:
        raise ValueError(f"The temperature is {temperature}; expected a number above 0.")
    with torch.autocast(z0.device.type, enabled=False):
        return _NtXent.apply(_unit_views(z0, z1), temperature, distributed)


class _NtXent(Function):
    """NT-Xent of unit views (2n, D): all of them, or, ``distributed``, this device's anchors with the 2N views of all.

    A block of rows at a time: the similarities of all views are never held at once. The gradient is computed in the
    forward pass, while a block's exponentials are at hand; the backward pass only scales it.
    """

    @staticmethod
    def forward(ctx: Any, own: Tensor, temperature: float, distributed: bool) -> Tensor:
        z, spans = _anchors(own, distributed)
        loss, pull = _of_anchors(z, spans, temperature, pulled=ctx.needs_input_grad[0])
        devices = 1
        if distributed:  # the anchors of one device have gradients for the views of another
            loss, pull, devices = all_reduce(loss), all_reduce(pull), rank_and_world_size()[1]
        of_each = partners(z)
        gradient = torch.cat([pull[rows].sub_(z[of_each[rows]], alpha=2) for rows in spans])
        # DDP takes the mean over devices of what is here a sum over their anchors.
        ctx.save_for_backward(gradient.mul_(devices).div_(len(z) * temperature))
        return loss / len(z)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        (gradient,) = ctx.saved_tensors
        return slope * gradient, None, None


@torch.no_grad()
def contrastive_accuracy(
    z0: Float[Tensor, "n d"], z1: Float[Tensor, "n d"], *, distributed: bool = False
) -> Float[Tensor, ""]:
    """How often a view's partner is the nearest of the other 2N − 1 views, 0 … 1; chance is 1 / (2N − 1).

    z0, z1 and ``distributed`` are as in :func:`nt_xent`.
    """
    with torch.autocast(z0.device.type, enabled=False):
        z, spans = _anchors(_unit_views(z0, z1), distributed)
        blocks = [rows for span in spans for rows in _blocks(z, span)]
        nearest = torch.cat([_similarity(z[rows], z, rows.start).argmax(dim=1) for rows in blocks])
        right = nearest == torch.cat([partners(z)[rows] for rows in spans])
        return all_reduce(right.float().sum()) / len(z) if distributed else right.float().mean()


def focal_loss(
    logits: Float[Tensor, "n classes"],
    labels: Int[Tensor, " n"],
    gamma: float,
    weight: Float[Tensor, " classes"] | None = None,
) -> Float[Tensor, ""]:
    """Focal loss in its softmax form, added up: Σ −w_y (1 − p_y)^γ ln p_y (arXiv 1708.02002, eq. 4 and 5).

    At γ = 0 it is torch's cross-entropy with reduction "sum". Raises ValueError for shapes that do not fit or a
    negative γ.
    """
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(
            f"Logits {tuple(logits.shape)} and labels {tuple(labels.shape)} do not fit; expected (n, C) and (n,)."
        )
    if gamma < 0:
        raise ValueError(f"Gamma is {gamma}; expected 0 or more.")
    log_p = functional.log_softmax(full_precision(logits), dim=1).gather(1, labels[:, None]).squeeze(1)
    # The slope of (1 − p)^γ is infinite at p = 1 for γ < 1; beyond this an image has no gradient.
    wrongness = (-torch.expm1(log_p)).clamp(min=1e-12)
    loss = -(wrongness**gamma) * log_p
    return loss.sum() if weight is None else (weight.to(loss)[labels] * loss).sum()


def weighted_mean(total: Float[Tensor, ""], weight: Float[Tensor, ""]) -> Float[Tensor, ""]:
    """``total`` / ``weight``, of losses added up and what they weigh together; 0, with no gradient, where that is 0.

    ``weight`` needs no gradient.
    """
    return total * torch.where(weight > 0, 1 / weight, 0.0)


def _unit_views(z0: Tensor, z1: Tensor) -> Tensor:
    """All 2N views, (2N, D), each of length 1: i and N + i are a pair."""
    if z0.ndim != 2 or z0.shape != z1.shape or not len(z0):
        raise ValueError(
            f"Projections {tuple(z0.shape)} and {tuple(z1.shape)} do not fit; expected (N, D) twice, N at least 1."
        )
    return functional.normalize(full_precision(torch.cat([z0, z1])), dim=1)


def _anchors(own: Tensor, distributed: bool) -> tuple[Tensor, list[slice]]:
    """All views (2N, D) in the order of the whole batch, and in which of its rows the views ``own`` (2n, D) are."""
    if not distributed:
        return own, [slice(0, len(own))]
    rank, devices = rank_and_world_size()
    n = len(own) // 2
    z = all_gather(own).view(devices, 2, n, -1).transpose(0, 1).reshape(2 * devices * n, -1)
    return z, [slice(first, first + n) for first in (rank * n, (devices + rank) * n)]


def _of_anchors(z: Tensor, spans: list[slice], temperature: float, *, pulled: bool) -> tuple[Tensor, Tensor]:
    """Sum of the losses of the anchors in rows ``spans`` of z (2N, D); its gradient (2N, D) times the temperature.

    The gradient is without the term of the positive pairs; zeros unless ``pulled``.
    """
    of_each = partners(z)
    loss, pull = z.new_zeros(()), torch.zeros_like(z)
    for rows in (rows for span in spans for rows in _blocks(z, span)):
        own = z[rows]
        similarity = _similarity(own, z, rows.start).div_(temperature)
        of_partner = similarity.gather(1, of_each[rows, None])
        highest = similarity.amax(dim=1, keepdim=True)
        weights = similarity.sub_(highest).exp_()
        total = weights.sum(dim=1, keepdim=True)
        loss += (highest - of_partner + total.log()).sum()
        if pulled:
            # Each similarity stands in two rows: once this view is the anchor, once the other one is.
            pull[rows] += weights @ z / total
            pull.addmm_(weights.T, own / total)
    return loss, pull


def partners(z: Float[Tensor, "views features"]) -> Int[Tensor, " views"]:
    """The row of each view's partner, the other view of its image. Only the number of rows of ``z`` counts."""
    return torch.arange(len(z), device=z.device).roll(len(z) // 2)


def _similarity(own: Tensor, z: Tensor, first: int) -> Tensor:
    """Cosines (n, 2N) of the views ``own`` (n, D), from row ``first`` of z (2N, D), with all of z.

    −∞ where a view meets itself: it is no negative of its own. That goes in before the log-sum-exp; to subtract it
    after loses all digits at low temperatures.
    """
    similarity = own @ z.T
    similarity.diagonal(first).fill_(-torch.inf)
    return similarity


def _blocks(z: Tensor, span: slice) -> Iterator[slice]:
    """The rows ``span`` of z (2N, D), so many at a time that their similarities with all of z fit the cache."""
    rows = max(_FEWEST_ROWS, _BLOCK_CELLS // len(z))
    return (slice(start, min(start + rows, span.stop)) for start in range(span.start, span.stop, rows))


def full_precision(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """``x`` in float32, or in float64 where it is that."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
