"""What the learning rate is at every step, and which numbers decay."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from pytorch_lightning import LightningModule
from torch import nn
from torch.optim import SGD

from sealife_core.config import FineTuneConfig, SimclrConfig, preset
from sealife_core.training.classifier import ClassifierModule
from sealife_core.training.schedules import build_optimiser, classifier_schedule, parameter_groups, warmup_cosine
from sealife_core.training.simclr import SimclrModule
from tests.finished.models import NETWORK, fresh_encoder


def one_number(rate: float = 1.0) -> SGD:
    return SGD([torch.zeros(1, requires_grad=True)], lr=rate)


def rates(optimiser: Any, schedule: Any, steps: int) -> list[float]:
    """The learning rate of each of so many steps."""
    found = []
    for _ in range(steps):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return found


def asked(module: LightningModule, steps: int) -> Any:
    """The optimiser and the schedule of ``module`` in a run of so many steps."""
    module._trainer = SimpleNamespace(estimated_stepping_batches=steps)  # type: ignore[assignment]
    return module.configure_optimizers()


def test_warmup_cosine__rises_in_a_line_and_falls_by_half_a_cosine_to_zero() -> None:
    optimiser = one_number(0.2)
    found = rates(optimiser, warmup_cosine(optimiser, warmup_steps=4, total_steps=20), 22)
    rise = [0.05, 0.1, 0.15, 0.2]
    fall = [0.1 * (1 + math.cos(math.pi * step / 16)) for step in range(16)]
    assert found == pytest.approx([*rise, *fall, 0, 0], abs=1e-12)


def test_warmup_cosine__without_warm_up_begins_at_the_full_rate() -> None:
    optimiser = one_number()
    assert rates(optimiser, warmup_cosine(optimiser, warmup_steps=0, total_steps=4), 3) == pytest.approx(
        [1, (1 + math.sqrt(0.5)) / 2, 0.5]
    )


def test_cosine__of_a_classifier_warms_up_for_a_twentieth() -> None:
    optimiser = one_number()
    found = rates(optimiser, classifier_schedule("cosine", optimiser, total_steps=100, restart_steps=0), 100)
    assert found[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1])
    assert np.argmax(found) == 4
    assert found[-1] < 0.001


def test_warm_restarts__fall_twice_as_long_each_time() -> None:
    optimiser = one_number()
    found = rates(optimiser, classifier_schedule("warm_restarts", optimiser, total_steps=70, restart_steps=10), 70)
    assert [step for step, rate in enumerate(found) if rate == 1] == [0, 10, 30]
    assert [found[step] for step in (5, 20, 50)] == pytest.approx([0.5] * 3)


def test_onecycle__rises_to_the_rate_of_each_group_and_ends_near_zero() -> None:
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": rate} for rate in (0.1, 0.02)]
    optimiser = SGD(groups)
    schedule = classifier_schedule("onecycle", optimiser, total_steps=50, restart_steps=0)
    assert schedule is not None
    found = []
    for step in range(50):
        found.append([group["lr"] for group in optimiser.param_groups])
        optimiser.step()
        if step < 49:
            schedule.step()
    assert np.max(found, axis=0) == pytest.approx([0.1, 0.02])
    assert max(found[0][0], found[-1][0]) < 0.1 / 20
    assert classifier_schedule("constant", optimiser, total_steps=50, restart_steps=0) is None


def test_parameter_groups__let_matrices_and_filters_decay_and_leave_out_what_is_frozen() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))
    net[2].bias.requires_grad_(False)
    decayed, plain = parameter_groups(net, learning_rate=0.3, weight_decay=0.01)
    assert [tuple(p.shape) for p in decayed["params"]] == [(4, 3, 3, 3), (2, 4)]
    assert [tuple(p.shape) for p in plain["params"]] == [(4,), (4,), (4,)]
    assert [(group["lr"], group["weight_decay"]) for group in (decayed, plain)] == [(0.3, 0.01), (0.3, 0)]
    assert parameter_groups(net.requires_grad_(False), learning_rate=0.3, weight_decay=0.01) == []


def test_parameter_groups__spare_the_tokens_and_positions_that_timm_lists() -> None:
    encoder = fresh_encoder("test_vit")
    names = {parameter: name for name, parameter in encoder.named_parameters()}
    (decayed, plain), (every, _) = (
        parameter_groups(encoder, learning_rate=0.3, weight_decay=0.01, spares=spares) for spares in (True, False)
    )
    listed = {"net.pos_embed", "net.cls_token"}
    assert {names[p] for p in every["params"]} - {names[p] for p in decayed["params"]} == listed
    assert {names[p] for p in plain["params"] if p.ndim > 1} == listed
    assert [group["always_adapt"] for group in build_optimiser("lars", [decayed, plain]).param_groups] == [True, False]


def stepped(name: str, weight_decay: float) -> list[float]:
    """The length of what each of two steps takes from a matrix (4, 1) of ones whose gradients are ones."""
    matrix = torch.ones(4, 1, requires_grad=True)
    optimiser = build_optimiser(name, [{"params": [matrix], "lr": 0.1, "weight_decay": weight_decay}])
    lengths = []
    for _ in range(2):
        before, matrix.grad = matrix.detach().clone(), torch.ones(4, 1)
        optimiser.step()
        lengths.append(float((before - matrix.detach()).norm()))
    return lengths


def test_optimisers__have_the_momentum_of_the_paper() -> None:
    assert stepped("sgd", 0) == pytest.approx([0.1 * 2, 0.1 * 2 * 1.9])
    assert stepped("adamw", 0) == pytest.approx([0.1 * 2] * 2, rel=1e-4)


@pytest.mark.parametrize("decay", [0.0, 1e-4])
def test_lars__adapts_matrices_whether_or_not_they_decay_and_nothing_else(decay: float) -> None:
    torch.manual_seed(0)
    net, rate = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)), 0.8
    before = [p.detach().clone() for p in net.parameters()]
    gradients = [torch.randn_like(p) for p in before]
    for parameter, gradient in zip(net.parameters(), gradients, strict=True):
        parameter.grad = gradient.clone()
    build_optimiser("lars", parameter_groups(net, learning_rate=rate, weight_decay=decay)).step()
    for parameter, was, g in zip(net.parameters(), before, gradients, strict=True):
        trust = 1.0
        if was.ndim > 1:  # You et al. 2017, arXiv 1708.03888, eq. 6, with the coefficient of SimCLR
            trust = 0.001 * float(was.norm() / (g.norm() + decay * was.norm()))
            g = g + decay * was
        torch.testing.assert_close(parameter.detach(), was - rate * trust * g)


@pytest.mark.parametrize(("warmup_epochs", "steps"), [(3, 30), (100, 50)])
def test_simclr__warms_up_for_its_epochs_but_at_most_a_tenth_of_the_run(warmup_epochs: int, steps: int) -> None:
    config = preset("simclr", epochs=50, warmup_epochs=warmup_epochs)
    assert isinstance(config, SimclrConfig)
    found = asked(SimclrModule(config, fresh_encoder(NETWORK), batch_size=64), 500)
    assert found["lr_scheduler"]["interval"] == "step"
    told = rates(found["optimizer"], found["lr_scheduler"]["scheduler"], 60)
    assert told[:steps] == pytest.approx(np.linspace(0, config.peak_learning_rate(64), steps + 1)[1:])
    assert told[steps - 1] > told[-1]


def test_classifier__trains_the_encoder_at_a_share_of_the_rate_and_restarts_by_epochs() -> None:
    given = {"learning_rate": 0.01, "encoder_rate_factor": 0.5, "schedule": "warm_restarts", "restart_epochs": 2}
    config = preset("finetune", epochs=14, **given)
    assert isinstance(config, FineTuneConfig)
    module = ClassifierModule(config, nn.Linear(3, 5), feature_dim=5, classes=4)
    found = asked(module, 70)
    of = {id(p): group["lr"] for group in found["optimizer"].param_groups for p in group["params"]}
    assert {of[id(p)] for p in module.head.parameters()} == {0.01}
    assert {of[id(p)] for p in module.encoder.parameters()} == {0.005}
    told = rates(found["optimizer"], found["lr_scheduler"]["scheduler"], 70)
    assert [step for step, rate in enumerate(told) if rate == 0.01] == [0, 10, 30]
