"""The optimisers' groups, and steps against their formulas written out by hand."""

import pytest
import torch
from torch import nn

from sealife_core.training.schedules import build_optimiser, parameter_groups, warmup_cosine


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))


def test_parameter_groups__let_matrices_alone_decay() -> None:
    one = net()
    one[0].weight.requires_grad_(True)
    decayed, plain = parameter_groups(one, learning_rate=0.1, weight_decay=0.5)
    assert [p.ndim for p in decayed["params"]] == [2]
    assert [p.ndim for p in plain["params"]] == [1, 1, 1]
    assert (decayed["weight_decay"], plain["weight_decay"]) == (0.5, 0.0)
    one[0].requires_grad_(False)
    assert [len(group["params"]) for group in parameter_groups(one, learning_rate=0.1, weight_decay=0.5)] == [2]


@pytest.mark.parametrize("decay", [0.0, 1e-4])
def test_lars__adapts_matrices_whether_or_not_they_decay_and_nothing_else(decay: float) -> None:
    one, rate = net(), 0.8
    before = [p.detach().clone() for p in one.parameters()]
    gradients = [torch.randn_like(p) for p in before]
    for parameter, gradient in zip(one.parameters(), gradients, strict=True):
        parameter.grad = gradient.clone()
    build_optimiser("lars", parameter_groups(one, learning_rate=rate, weight_decay=decay)).step()
    for parameter, was, g in zip(one.parameters(), before, gradients, strict=True):
        trust = 1.0
        if was.ndim > 1:  # You et al., arXiv 1708.03888, eq. 6, with the coefficient of SimCLR
            trust = 0.001 * float(was.norm() / (g.norm() + decay * was.norm()))
            g = g + decay * was
        torch.testing.assert_close(parameter.detach(), was - rate * trust * g)


def test_warmup_cosine__rises_to_the_rate_and_falls_to_nothing_counted_in_steps() -> None:
    optimiser = build_optimiser("sgd", [{"params": [nn.Parameter(torch.zeros(1))], "lr": 2.0}])
    schedule, rates = warmup_cosine(optimiser, warmup_steps=4, total_steps=12), []
    for _ in range(12):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    assert rates[:5] == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.0])
    assert rates[8] == pytest.approx(1.0)
    assert rates[5:] == sorted(rates[5:], reverse=True)
    assert optimiser.param_groups[0]["lr"] == pytest.approx(0.0)
