"""What devices compute together on shares of a batch is what one computes on all of it: threads in place of devices."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from sealife_core.models import losses, synchronised_layers
from sealife_core.models.losses import contrastive_accuracy, nt_xent
from sealife_core.models.synchronised_layers import SynchronisedBatchNorm, synchronise_layers, unsynchronise_layers

Devices = Callable[[int, Callable[[int], Any]], list[Any]]


@pytest.fixture
def devices(monkeypatch: pytest.MonkeyPatch) -> Devices:
    """``devices(3, work)``: what ``work(rank)`` returns on each of three devices, which can talk to each other."""

    def run(count: int, work: Callable[[int], Any]) -> list[Any]:
        here, found = threading.local(), [None] * count
        told: list[Any] = [None] * count
        meeting = threading.Barrier(count, timeout=20)

        def rank_and_world_size() -> tuple[int, int]:
            return here.rank, count

        def all_told(own: Tensor) -> list[Tensor]:
            told[here.rank] = own.clone()
            meeting.wait()
            everyone = list(told)
            meeting.wait()
            return everyone

        for module in (losses, synchronised_layers):
            monkeypatch.setattr(module, "rank_and_world_size", rank_and_world_size)
            monkeypatch.setattr(module, "all_gather", lambda own: torch.cat(all_told(own)))
            monkeypatch.setattr(module, "all_reduce", lambda own: own.copy_(sum(all_told(own))))

        def device(rank: int) -> None:
            here.rank = rank
            # Its backward pass, on a processor, runs in this thread too.
            found[rank] = work(rank)

        threads = [threading.Thread(target=device, args=(rank,)) for rank in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found

    return run


@pytest.fixture
def blocks_of_seven_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(losses, "_BLOCK_CELLS", 0)
    monkeypatch.setattr(losses, "_FEWEST_ROWS", 7)


@pytest.mark.usefixtures("blocks_of_seven_rows")
@pytest.mark.parametrize("count", [1, 2, 3, 4])
@pytest.mark.parametrize("n", [1, 3, 10])
def test_ntxent__across_devices_is_that_of_the_whole_batch(devices: Devices, count: int, n: int) -> None:
    z = torch.randn(2, count * n, 6, dtype=torch.float64, requires_grad=True)
    whole = nt_xent(z[0], z[1], 0.2)
    (expected,) = torch.autograd.grad(3 * whole, z)

    def work(rank: int) -> tuple[Tensor, Tensor]:
        own = z.detach()[:, rank * n :][:, :n].clone().requires_grad_()
        value = nt_xent(own[0], own[1], 0.2, distributed=True)
        (gradient,) = torch.autograd.grad(3 * value, own)
        return value.detach(), gradient

    found = devices(count, work)
    for value, _ in found:
        torch.testing.assert_close(value, whole.detach(), rtol=1e-12, atol=1e-12)
    # DDP takes the mean over devices, so each one's is so many times its part of the whole.
    gradients = torch.cat([gradient for _, gradient in found], dim=1) / count
    torch.testing.assert_close(gradients, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.usefixtures("blocks_of_seven_rows")
@pytest.mark.parametrize("count", [1, 2, 4])
def test_contrastive_accuracy__across_devices_is_that_of_the_whole_batch(devices: Devices, count: int) -> None:
    z = torch.randn(2, 24, 6)
    z[1] += 2 * z[0]
    expected = contrastive_accuracy(z[0], z[1])
    shares = [half.chunk(count) for half in z]
    found = devices(count, lambda rank: contrastive_accuracy(shares[0][rank], shares[1][rank], distributed=True))
    assert 0 < expected < 1
    assert found == pytest.approx([float(expected)] * count)


@pytest.mark.parametrize("shape", [(12, 5), (12, 5, 3, 2)])
@pytest.mark.parametrize("sizes", [(6, 6), (3, 3, 3, 3), (1, 11)])
def test_batch_norm__shared_is_that_of_the_whole_batch(
    devices: Devices, shape: tuple[int, ...], sizes: tuple[int, ...]
) -> None:
    kind = nn.BatchNorm1d if len(shape) == 2 else nn.BatchNorm2d
    one = kind(5).double()
    nn.init.uniform_(one.weight)
    nn.init.uniform_(one.bias)
    x, slope = 3 * torch.randn(shape, dtype=torch.float64) + 7, torch.randn(shape, dtype=torch.float64)
    shares, slopes = x.split(list(sizes)), slope.split(list(sizes))
    several = [kind(5).double() for _ in sizes]
    for norm in several:
        norm.load_state_dict(one.state_dict())
        synchronise_layers(norm, "cpu")
    x.requires_grad_()
    expected = one(x)
    expected.backward(slope)

    def work(rank: int) -> tuple[Tensor, Tensor]:
        own = shares[rank].detach().clone().requires_grad_()
        out = several[rank](own)
        out.backward(slopes[rank])
        assert own.grad is not None
        return out.detach(), own.grad

    found = devices(len(sizes), work)
    torch.testing.assert_close(torch.cat([out for out, _ in found]), expected.detach())
    torch.testing.assert_close(torch.cat([gradient for _, gradient in found]), x.grad)
    for name, parameter in one.named_parameters():
        torch.testing.assert_close(sum(dict(norm.named_parameters())[name].grad for norm in several), parameter.grad)
    for norm in several:
        assert type(norm) is SynchronisedBatchNorm
        unsynchronise_layers(norm)
        assert type(norm) is kind
        torch.testing.assert_close(norm.state_dict(), one.state_dict())


def test_batch_norm__shared_keeps_its_numbers_in_full_precision_under_autocast(devices: Devices) -> None:
    x, several = torch.randn(8, 3, 2, 2).bfloat16(), [nn.BatchNorm2d(3) for _ in range(2)]
    one = nn.BatchNorm2d(3)
    expected = one(x)
    for norm in several:
        synchronise_layers(norm, "cpu")

    def work(rank: int) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            own = x.chunk(2)[rank].clone().requires_grad_()
            out = several[rank](own)
        out.float().square().sum().backward()
        assert own.grad is not None
        assert own.grad.dtype == torch.bfloat16
        return out.detach()

    found = torch.cat(devices(2, work))
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found, expected.detach())
    torch.testing.assert_close(several[0].running_var, one.running_var)


def test_batch_norm__that_is_frozen_talks_to_nobody_and_stays_as_it_is() -> None:
    norm = nn.BatchNorm2d(3)
    norm.running_mean += 1
    before = {name: value.clone() for name, value in norm.state_dict().items()}
    x = torch.randn(4, 3, 2, 2)
    expected = norm.eval()(x)
    synchronise_layers(norm, "cpu")
    torch.testing.assert_close(norm(x), expected)
    torch.testing.assert_close(dict(norm.state_dict()), before)


def test_dropout__shared_hides_what_it_would_of_the_whole_batch(devices: Devices) -> None:
    x, layer = torch.randn(12, 50), nn.Dropout(0.4)
    torch.manual_seed(3)
    expected = layer(x)
    synchronise_layers(layer, "cpu")
    shares = x.chunk(3)
    draws = threading.Lock()

    def work(rank: int) -> Tensor:
        with draws:  # threads share the generator that each device has for itself
            torch.manual_seed(3)
            return layer(shares[rank])

    found = torch.cat(devices(3, work))
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(layer.eval()(x), x)


def test_share_layers__leaves_a_checkpoint_as_it_would_be() -> None:
    def network() -> nn.Module:
        return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Dropout(0.1), nn.LazyLinear(2))

    one, several = network(), network()
    synchronise_layers(several, "cuda")
    assert [type(part).__name__ for part in several][1:4] == ["SyncBatchNorm", "Flatten", "SynchronisedDropout"]
    assert list(several.state_dict()) == list(one.state_dict())
    unsynchronise_layers(several)
    assert [type(part) for part in several] == [type(part) for part in one]
    assert vars(several[1]).keys() == vars(one[1]).keys()
