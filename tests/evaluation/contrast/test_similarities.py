"""Similarities of a batch, held against the loss that training minimises and its gradient."""

import math

import pytest
import torch
from torch import Tensor

from sealife_core.config import chance_loss
from sealife_core.evaluation.contrast import similarities as seen
from sealife_core.models import losses

IMAGES, WIDE = 6, 5
TEMPERATURES = (0.01, 0.1, 0.5, 5.0)


@pytest.fixture
def views() -> Tensor:
    """(2N, D): the two views of an image are similar, but not equal."""
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(IMAGES, WIDE, generator=generator).repeat(2, 1)
    return (images + 0.7 * torch.randn(2 * IMAGES, WIDE, generator=generator)).double()


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_losses__have_the_mean_that_training_minimises(views: Tensor, temperature: float) -> None:
    found = seen.losses(seen.similarity_matrix(views), temperature)
    torch.testing.assert_close(found.mean(), losses.nt_xent(views[:IMAGES], views[IMAGES:], temperature))


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_gradient_shares__are_those_of_autograd(views: Tensor, temperature: float) -> None:
    """The loss is that of training, of an anchor alone: its similarities are free, so the views are made from them."""
    cosines = seen.similarity_matrix(views)
    for anchor, partner in enumerate(losses.partners(cosines).tolist()):
        row = cosines[anchor].clone().requires_grad_()
        others = [view for view in range(2 * IMAGES) if view != anchor]
        target = torch.tensor(others.index(partner))
        torch.nn.functional.cross_entropy(row[others] / temperature, target).backward()
        assert row.grad is not None
        pushes = row.grad.clone()
        assert pushes[partner] <= 0
        pushes[partner] = 0
        torch.testing.assert_close(seen.gradient_shares(cosines, temperature)[anchor], pushes / pushes.sum())


def test_gradient__of_the_loss_of_training_is_what_the_shares_say(views: Tensor) -> None:
    """The whole gradient by the views, from losses and shares: Σ over anchors, by the chain rule."""
    temperature, cosines = 0.3, seen.similarity_matrix(views)
    real = views.clone().requires_grad_()
    losses.nt_xent(real[:IMAGES], real[IMAGES:], temperature).backward()
    missed = 1 - (-seen.losses(cosines, temperature)).exp()
    by_cosine = seen.gradient_shares(cosines, temperature) * missed[:, None]
    by_cosine[torch.arange(2 * IMAGES), losses.partners(cosines)] = -missed
    told = views.clone().requires_grad_()
    seen.similarity_matrix(told).backward(by_cosine / (2 * IMAGES * temperature))
    torch.testing.assert_close(told.grad, real.grad)


def test_gradient_shares__keep_their_digits_where_the_partner_has_all_probability() -> None:
    pair = torch.tensor([[1.0, 0, 0], [0, 1, 0.2], [1.0, 0, 0], [0, 1, 0.3]])
    shares = seen.gradient_shares(seen.similarity_matrix(pair), 0.01)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(4).double())
    assert not seen.gradient_shares(seen.similarity_matrix(pair[:2]), 0.5).any(), "one pair has no negatives"


def test_losses__are_chance_where_all_views_are_alike() -> None:
    alike = seen.similarity_matrix(torch.ones(8, 3))
    assert seen.losses(alike, 0.1).tolist() == pytest.approx([chance_loss(4)] * 8)
    assert chance_loss(4) == pytest.approx(math.log(7))
