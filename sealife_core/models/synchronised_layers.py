"""Layers that see the whole batch while devices share it: BatchNorm's statistics, the draws of dropout and drop path.

:func:`synchronise_layers` makes a layer one of these and :func:`unsynchronise_layers` makes it what it was. Parameters
and their names stay the same, so a checkpoint does not tell how many devices made it.
"""

import sys
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional

from sealife_core.models.distributed import all_gather, all_reduce, rank_and_world_size
from sealife_core.models.losses import full_precision

_BEFORE = "_alone"  # where a layer keeps what it was


def synchronise_layers(net: nn.Module, device: str, views: int = 1) -> None:
    """Make every BatchNorm, dropout and drop path in ``net`` see what all devices ("cpu" or "cuda") see together.

    views: of each image, of which a batch holds the first of all images, then the second of all.
    """
    become = _kinds(device)
    for part in net.modules():
        if type(part) in become:
            part.__dict__[_BEFORE] = type(part)
            part.__class__ = become[type(part)]
            part.__dict__.update(process_group=None, views=views)  # None to SyncBatchNorm: all devices


def unsynchronise_layers(net: nn.Module) -> None:
    """Undo :func:`synchronise_layers`."""
    for part in net.modules():
        before = part.__dict__.pop(_BEFORE, None)
        if before is not None:
            part.__class__ = before
            del part.__dict__["process_group"], part.__dict__["views"]


def _kinds(device: str) -> dict[type[nn.Module], Any]:
    """Kind of layer → what it becomes."""
    # PyTorch's own is for accelerators alone.
    norm, norm_act = SynchronisedBatchNorm, SynchronisedNormAct
    if device == "cuda":
        norm, norm_act = nn.SyncBatchNorm, SyncNormAct
    kinds: dict[type[nn.Module], Any] = {nn.BatchNorm1d: norm, nn.BatchNorm2d: norm, nn.Dropout: SynchronisedDropout}
    if "timm" in sys.modules:  # else no layer of timm is in the network
        from timm.layers.drop import DropPath
        from timm.layers.norm_act import BatchNormAct2d

        kinds |= {BatchNormAct2d: norm_act, DropPath: SynchronisedDropPath}
    return kinds


class SynchronisedBatchNorm(nn.BatchNorm2d):
    """BatchNorm over the images of all devices, on a processor."""

    def forward(self, input: Float[Tensor, "n c *rest"]) -> Float[Tensor, "n c *rest"]:
        """As BatchNorm1d and BatchNorm2d, which it is in evaluation mode."""
        if not self.training or rank_and_world_size()[1] == 1:
            return super().forward(input)
        assert self.momentum is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        found = _Normalised.apply(input, self.weight, self.bias, self.eps)
        normalised, mean, variance, count = found  # pyright: ignore[reportGeneralTypeIssues]
        with torch.no_grad():
            assert self.running_mean is not None
            assert self.running_var is not None
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)
        return normalised

    def _check_input_dim(self, input: Tensor) -> None:
        """Any shape: the class that this layer had has checked it."""


class _Normalised(Function):
    """(x − mean) / deviation · weight + bias, with mean and variance (biased) of the numbers of all devices."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        own_variance, own_mean = torch.var_mean(full_precision(x), _but_channels(x), correction=0)
        own_count = torch.full_like(own_mean[:1], x.numel() // x.shape[1])
        told = all_gather(torch.cat([own_mean, own_variance, own_count])[None])
        means, variances, counts = told.split([len(own_mean), len(own_mean), 1], dim=1)
        count = counts.sum()
        share = counts / count
        mean = (share * means).sum(0)
        variance = (share * (variances + (means - mean).square())).sum(0)
        ctx.save_for_backward(x, weight, mean, (variance + eps).rsqrt(), count)
        ctx.mark_non_differentiable(mean, variance, count)
        return functional.batch_norm(x, mean, variance, weight, bias, False, 0.0, eps), mean, variance, count

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        x, weight, mean, scale, count = ctx.saved_tensors
        slope, wide = full_precision(slopes[0]), (1, -1, *[1] * (x.ndim - 2))
        standard = (full_precision(x) - mean.view(wide)).mul_(scale.view(wide))
        of_weight, of_bias = (slope * standard).sum(_but_channels(x)), slope.sum(_but_channels(x))
        of_all = all_reduce(torch.stack([of_weight, of_bias])) / count
        # Each number moves the mean and the variance of all: that part is taken out of its own slope.
        inner = slope - standard.mul_(of_all[0].view(wide)) - of_all[1].view(wide)
        of_x = inner.mul_((weight * scale).view(wide))
        return of_x.to(x.dtype), of_weight, of_bias, None


class SynchronisedDropout(nn.Dropout):
    """Dropout of a share of a batch: all devices draw the same mask of the whole batch, and each takes its part."""

    def forward(self, input: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
        """Features, some of them set to 0."""
        if not self.training or not self.p or rank_and_world_size()[1] == 1:
            return super().forward(input)
        (rank, devices), n = rank_and_world_size(), len(input)
        kept = functional.dropout(input.new_ones(devices * n, *input.shape[1:]), self.p)
        return input * kept[rank * n :][:n]


class SynchronisedDropPath(nn.Module):
    """timm's DropPath (stochastic depth, arXiv 1603.09382) of a share of a batch, drawn as for the whole batch."""

    drop_prob: float
    scale_by_keep: bool
    views: int

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """What a branch gives, or 0 for the images whose branch is left out."""
        (rank, devices), n = rank_and_world_size(), len(x)
        if not self.training or not self.drop_prob:
            return x
        kept = x.new_empty(self.views, devices, n // self.views).bernoulli_(1 - self.drop_prob)
        if self.scale_by_keep and self.drop_prob < 1:
            kept /= 1 - self.drop_prob
        return x * kept[:, rank].reshape(n, *[1] * (x.ndim - 1))


class _Act:
    """timm's BatchNormAct2d: what follows a BatchNorm is done by the layer itself."""

    drop: nn.Module
    act: nn.Module

    def forward(self, input: Tensor) -> Tensor:
        """Maps (n, C, H, W)."""
        return self.act(self.drop(super().forward(input)))  # pyright: ignore[reportAttributeAccessIssue]


class SynchronisedNormAct(_Act, SynchronisedBatchNorm):
    """BatchNormAct2d over the images of all devices, on a processor."""


class SyncNormAct(_Act, nn.SyncBatchNorm):
    """BatchNormAct2d over the images of all devices, on GPUs."""


def _but_channels(x: Tensor) -> list[int]:
    return [dim for dim in range(x.ndim) if dim != 1]
