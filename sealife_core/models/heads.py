"""Heads on an encoder: the projection head of contrastive learning, the linear head of a classifier."""

from collections import OrderedDict

from torch import nn


def projection_head(kind: str, d_in: int, hidden: int = 512, out: int = 128) -> nn.Module:
    """Features h → projections z, for NT-Xent; "none" passes h on as it is.

    "nonlinear" is the head of SimCLR's authors' own code (arXiv 2002.05709, 4.2): Linear, BatchNorm, ReLU, Linear,
    BatchNorm; the linear layers carry no bias, which the BatchNorm after them would cancel. "linear" is one layer.
    Raises ValueError for another kind.
    """
    if kind == "none":
        return nn.Identity()
    if kind == "linear":
        return nn.Linear(d_in, out)
    if kind == "nonlinear":
        return nn.Sequential(
            nn.Linear(d_in, hidden, bias=False),
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, out, bias=False),
            nn.BatchNorm1d(out),
        )
    raise ValueError(f"There is no projection head {kind!r}; there are 'none', 'linear' and 'nonlinear'.")


def linear_layer(head: nn.Sequential) -> nn.Linear:
    """The layer of a :func:`classification_head` that learns."""
    linear = head[-1]
    assert isinstance(linear, nn.Linear)
    return linear


def classification_head(d_in: int, classes: int, dropout: float = 0.0) -> nn.Sequential:
    """Features → logits. The parameters are named the same whatever the dropout."""
    return nn.Sequential(OrderedDict(dropout=nn.Dropout(dropout), linear=nn.Linear(d_in, classes)))
