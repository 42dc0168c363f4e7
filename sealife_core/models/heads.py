"""What stands on an encoder: a projection head for the contrastive loss, a linear head for classes."""

from torch import nn


def projection_head(kind: str, d_in: int, hidden: int, out: int) -> nn.Module:
    """(n, d_in) → (n, out), or (n, d_in) for ``none``. SimCLR, section 4.2: non-linear beats linear beats none.

    BatchNorm after the hidden layer, as in the paper's published code.
    """
    if kind == "none":
        return nn.Identity()
    if kind == "linear":
        return nn.Linear(d_in, out)
    if kind != "nonlinear":
        raise ValueError(f"There is no projection head '{kind}'; expected 'none', 'linear' or 'nonlinear'.")
    return nn.Sequential(
        nn.Linear(d_in, hidden, bias=False), nn.BatchNorm1d(hidden), nn.ReLU(inplace=True), nn.Linear(hidden, out)
    )


def classification_head(d_in: int, classes: int, dropout: float = 0.0) -> nn.Sequential:
    """(n, d_in) → (n, classes) logits: dropout, then one linear layer."""
    return nn.Sequential(nn.Dropout(dropout), nn.Linear(d_in, classes))
