"""NT-Xent against the paper's formula written out, two other libraries and its own symmetries; focal loss likewise."""

import math
from collections.abc import Callable
from inspect import unwrap

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import TypeCheckError
from lightly.loss import NTXentLoss as LightlyNTXent
from pytorch_metric_learning.losses import NTXentLoss as MetricLearningNTXent
from torch import Tensor
from torch.nn import functional

from sealife_core.models import losses
from sealife_core.models.losses import contrastive_accuracy, focal_loss, nt_xent

TEMPERATURES = [0.05, 0.1, 0.5, 1.0]
SHAPES = [(1, 4), (2, 3), (5, 8), (16, 32)]


def paper_nt_xent(z0: Tensor, z1: Tensor, temperature: float) -> Tensor:
    """SimCLR, eq. 1 and algorithm 1, as printed: views 2k − 1 and 2k are a pair; one pair at a time."""
    views = [z for pair in zip(z0, z1, strict=True) for z in pair]

    def s(i: int, j: int) -> Tensor:
        return views[i] @ views[j] / (views[i].norm() * views[j].norm())

    def loss(i: int, j: int) -> Tensor:
        others = [torch.exp(s(i, k) / temperature) for k in range(len(views)) if k != i]
        return -torch.log(torch.exp(s(i, j) / temperature) / torch.stack(others).sum())

    n = len(z0)
    return torch.stack([loss(2 * k, 2 * k + 1) + loss(2 * k + 1, 2 * k) for k in range(n)]).sum() / (2 * n)


def lightly_nt_xent(z0: Tensor, z1: Tensor, temperature: float) -> Tensor:
    return LightlyNTXent(temperature=temperature)(z0, z1)


def metric_learning_nt_xent(z0: Tensor, z1: Tensor, temperature: float) -> Tensor:
    images = torch.arange(len(z0)).repeat(2)
    return MetricLearningNTXent(temperature=temperature)(torch.cat([z0, z1]), images)


def value_and_gradient(loss: Callable[[Tensor, Tensor, float], Tensor], z: Tensor, temperature: float):
    z = z.clone().requires_grad_()
    value = loss(z[0], z[1], temperature)
    value.backward()
    assert z.grad is not None
    return value.detach(), z.grad


def test_ntxent__reaches_the_golden_values():
    torch.manual_seed(33)
    shapes = [(3, 5), (3, 125), (33, 5), (33, 125)]
    found = [nt_xent(torch.rand(shape), torch.rand(shape), 0.5).item() for shape in shapes]
    assert found == pytest.approx([1.7518, 1.6376, 4.1944, 4.1754], abs=5e-5)


@pytest.mark.parametrize("temperature", TEMPERATURES)
@pytest.mark.parametrize("shape", SHAPES)
def test_ntxent__matches_the_paper_pair_by_pair(shape: tuple[int, int], temperature: float):
    z = torch.randn(2, *shape, dtype=torch.float64)
    value, gradient = value_and_gradient(nt_xent, z, temperature)
    expected, expected_gradient = value_and_gradient(paper_nt_xent, z, temperature)
    torch.testing.assert_close(value, expected, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(gradient, expected_gradient, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("temperature", TEMPERATURES)
@pytest.mark.parametrize("peer", [lightly_nt_xent, metric_learning_nt_xent])
def test_ntxent__matches_other_libraries(peer: Callable[[Tensor, Tensor, float], Tensor], temperature: float):
    z = torch.randn(2, 12, 24)
    value, gradient = value_and_gradient(nt_xent, z, temperature)
    expected, expected_gradient = value_and_gradient(peer, z, temperature)
    torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(gradient, expected_gradient, rtol=1e-3, atol=1e-6)


def plain_nt_xent(z0: Tensor, z1: Tensor, temperature: float) -> Tensor:
    """All (2N)² similarities at once, left to autograd."""
    z = functional.normalize(torch.cat([z0, z1]), dim=1)
    similarity = (z @ z.T / temperature).masked_fill(torch.eye(len(z), dtype=torch.bool), -torch.inf)
    return functional.cross_entropy(similarity, torch.arange(len(z)).roll(len(z0)))


@pytest.fixture
def blocks_of_seven_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(losses, "_BLOCK_CELLS", 0)
    monkeypatch.setattr(losses, "_FEWEST_ROWS", 7)


@pytest.mark.usefixtures("blocks_of_seven_rows")
@pytest.mark.parametrize("temperature", [0.01, 0.1, 1.0])
@pytest.mark.parametrize("n", [1, 3, 4, 7, 24, 25])
def test_ntxent__is_the_same_in_blocks(n: int, temperature: float):
    z = torch.randn(2, n, 6, dtype=torch.float64)
    value, gradient = value_and_gradient(nt_xent, z, temperature)
    expected, expected_gradient = value_and_gradient(plain_nt_xent, z, temperature)
    torch.testing.assert_close(value, expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(gradient, expected_gradient, rtol=1e-10, atol=1e-12)


def test_ntxent__is_the_same_in_the_blocks_that_training_takes():
    z = torch.randn(2, 1201, 16)
    value, gradient = value_and_gradient(nt_xent, z, 0.1)
    expected, expected_gradient = value_and_gradient(plain_nt_xent, z.double(), 0.1)
    assert z[:, :, 0].numel() ** 2 > 4 * losses._BLOCK_CELLS
    torch.testing.assert_close(value.double(), expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(gradient.double(), expected_gradient, rtol=1e-4, atol=1e-7)


@pytest.mark.usefixtures("blocks_of_seven_rows")
def test_ntxent__has_the_gradient_of_its_differences():
    z = torch.randn(2, 9, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda z: 3 * nt_xent(z[0], z[1], 0.2), z)


@pytest.mark.usefixtures("blocks_of_seven_rows")
def test_contrastive_accuracy__is_the_same_in_blocks():
    z = torch.randn(2, 25, 6)
    z[1] += 2 * z[0]
    unit = functional.normalize(z.flatten(0, 1), dim=1)
    nearest = (unit @ unit.T).fill_diagonal_(-torch.inf).argmax(1)
    expected = (nearest == torch.arange(50).roll(25)).float().mean()
    assert 0 < expected < 1
    assert contrastive_accuracy(z[0], z[1]) == expected


def alike(n: int) -> Tensor:
    return torch.randn(1, n, 16).repeat(2, 1, 1)


def opposed(n: int) -> Tensor:
    z = torch.randn(n, 16)
    return torch.stack([z, -z])


@pytest.mark.parametrize("make", [alike, opposed, lambda n: torch.randn(2, n, 16), lambda n: torch.ones(2, n, 16)])
def test_ntxent__is_stable_at_temperature_001(make: Callable[[int], Tensor]):
    z = make(8)
    value, gradient = value_and_gradient(nt_xent, z, 0.01)
    exact, exact_gradient = value_and_gradient(nt_xent, z.double(), 0.01)
    assert value.isfinite()
    assert value >= 0
    assert gradient.isfinite().all()
    assert value.item() == pytest.approx(exact.item(), rel=1e-4, abs=1e-4)
    torch.testing.assert_close(gradient.double(), exact_gradient, rtol=1e-2, atol=1e-3)


def test_ntxent__of_one_pair_is_zero_and_pulls_nowhere():
    value, gradient = value_and_gradient(nt_xent, torch.randn(2, 1, 8), 0.1)
    assert value == 0
    assert not gradient.any()


@pytest.mark.parametrize("n", [2, 32, 128])
def test_ntxent__of_views_that_are_all_the_same_is_chance(n: int):
    assert nt_xent(torch.ones(n, 8), torch.ones(n, 8), 0.2).item() == pytest.approx(math.log(2 * n - 1), abs=1e-5)


def test_ntxent__keeps_full_precision_under_autocast():
    z = torch.randn(2, 32, 64)
    plain = nt_xent(z[0], z[1], 0.05)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        under_autocast = nt_xent(z[0], z[1], 0.05)
        from_half = nt_xent(z[0].bfloat16(), z[1].bfloat16(), 0.05)
    assert torch.equal(plain, under_autocast)
    assert from_half.dtype == torch.float32
    assert torch.equal(from_half, nt_xent(z[0].bfloat16().float(), z[1].bfloat16().float(), 0.05))


@pytest.mark.parametrize("shapes", [((3, 4), (2, 4)), ((3, 4), (3, 5)), ((3,), (3,)), ((0, 4), (0, 4))])
@pytest.mark.parametrize("measure", [lambda a, b: unwrap(nt_xent)(a, b, 0.5), unwrap(contrastive_accuracy)])
def test_ntxent_and_accuracy__name_shapes_that_do_not_fit(measure: Callable, shapes: tuple):
    with pytest.raises(ValueError, match="do not fit") as caught:
        measure(torch.ones(shapes[0]), torch.ones(shapes[1]))
    assert str(shapes[0]) in str(caught.value)
    assert str(shapes[1]) in str(caught.value)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_ntxent__refuses_a_temperature_that_is_not_positive(temperature: float):
    with pytest.raises(ValueError, match="temperature"):
        nt_xent(torch.ones(2, 2), torch.ones(2, 2), temperature)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    n=st.integers(1, 9), d=st.integers(1, 9), seed=st.integers(0, 2**31), temperature=st.floats(0.01, 2), data=st.data()
)
def test_ntxent__has_the_symmetries_of_its_definition(
    n: int, d: int, seed: int, temperature: float, data: st.DataObject
):
    z = torch.randn(2, n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    order = torch.tensor(data.draw(st.permutations(range(n))))
    stretch = torch.tensor(data.draw(st.lists(st.floats(0.01, 100), min_size=n, max_size=n)), dtype=torch.float64)
    rotation = torch.linalg.qr(torch.randn(d, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64))[0]
    value, gradient = value_and_gradient(nt_xent, z, temperature)
    assert 0 <= value <= math.log(max(1, 2 * n - 1)) + 2 / temperature + 1e-9
    assert gradient.isfinite().all()
    # The length of a projection does not matter, so the gradient stands at right angles to it.
    torch.testing.assert_close((gradient * z).sum(-1), torch.zeros(2, n, dtype=torch.float64), rtol=0, atol=1e-8)
    for same in (z.flip(0), z[:, order], z * stretch[:, None], z @ rotation):
        torch.testing.assert_close(nt_xent(same[0], same[1], temperature), value, rtol=1e-8, atol=1e-8)


def test_contrastive_accuracy__counts_views_whose_partner_is_nearest():
    # Pair 0 agrees; of pair 1, the first view is nearest to pair 0, the second to its partner.
    z0 = torch.tensor([[1.0, 0.0], [0.9, 0.3]])
    z1 = torch.tensor([[1.0, 0.1], [-0.2, 1.0]])
    assert contrastive_accuracy(z0, z1).item() == pytest.approx(0.75)


def test_contrastive_accuracy__is_one_for_equal_views_and_chance_for_noise():
    z = torch.randn(2, 200, 64)
    assert contrastive_accuracy(z[0], z[0]) == 1
    assert contrastive_accuracy(z[0], z[1]).item() < 0.05
    assert not contrastive_accuracy(z[0].requires_grad_(), z[1]).requires_grad


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
def test_focal_loss__matches_the_paper_image_by_image(gamma: float, weighted: bool):
    logits = torch.randn(7, 4, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(4, (7,))
    weight = torch.tensor([0.5, 1.0, 2.0, 4.0]).double() if weighted else torch.ones(4).double()
    total = torch.zeros(()).double()
    for row, label in zip(logits, labels, strict=True):
        p = row[label].exp() / row.exp().sum()
        total = total - weight[label] * (1 - p) ** gamma * p.log()
    found = focal_loss(logits, labels, gamma, weight if weighted else None)
    torch.testing.assert_close(found, total)
    slope, expected_slope = (torch.autograd.grad(loss, logits)[0] for loss in (found, total))
    torch.testing.assert_close(slope, expected_slope)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(n=st.integers(1, 20), classes=st.integers(2, 12), seed=st.integers(0, 2**31), weighted=st.booleans())
def test_focal_loss__is_cross_entropy_at_gamma_0(n: int, classes: int, seed: int, weighted: bool):
    generator = torch.Generator().manual_seed(seed)
    logits = 10 * torch.randn(n, classes, generator=generator)
    labels = torch.randint(classes, (n,), generator=generator)
    weight = torch.rand(classes, generator=generator) + 0.1 if weighted else None
    expected = functional.cross_entropy(logits, labels, weight=weight, reduction="sum")
    torch.testing.assert_close(focal_loss(logits, labels, 0.0, weight), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("confidence", [-1e4, -100.0, 0.0, 100.0, 1e4])
def test_focal_loss__is_finite_however_sure_the_network_is(confidence: float, gamma: float):
    logits = torch.tensor([[confidence, 0.0, 0.0]], requires_grad=True)
    loss = focal_loss(logits, torch.tensor([0]), gamma)
    loss.backward()
    assert logits.grad is not None
    assert loss.isfinite()
    assert logits.grad.isfinite().all()


def test_focal_loss__refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"\(3, 2\).*\(2,\)"):
        unwrap(focal_loss)(torch.ones(3, 2), torch.zeros(2, dtype=torch.long), 2.0)
    with pytest.raises(TypeCheckError, match="labels"):  # in the tests the annotation is asked first
        focal_loss(torch.ones(3, 2), torch.zeros(2, dtype=torch.long), 2.0)
    with pytest.raises(ValueError, match="Gamma"):
        focal_loss(torch.ones(3, 2), torch.zeros(3, dtype=torch.long), -1.0)
