from collections.abc import Callable
from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.encoders import Encoder, Normalisation
from sealife_core.models.fast_convolutions.take_over import DEPTHWISE, WINOGRAD, take_over
from sealife_core.models.folding import FoldedTraining, folded


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "tf_efficientnet_lite0", "regnety_002"])
def test_folded__gives_the_same_features_without_a_batch_norm(name: str) -> None:
    encoder = build_encoder(name).train()
    with torch.no_grad():
        encoder(torch.rand(4, 3, 64, 64))  # statistics that are not those of a new network
    before = torch.get_rng_state()
    quick = folded(encoder)
    assert torch.equal(torch.get_rng_state(), before), "a run does not depend on how often its encoder is looked at"
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in quick.modules())
    assert encoder.training
    images = torch.rand(2, 3, 96, 96)
    with torch.inference_mode():
        torch.testing.assert_close(quick(images), encoder.eval()(images), rtol=1e-3, atol=1e-4)


def test_folded__for_bf16_has_what_autocast_would_cast_for_every_batch() -> None:
    encoder = build_encoder("tf_efficientnet_lite0").eval()
    images = torch.rand(2, 3, 64, 64)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        features = folded(encoder, "bf16")(images)
        assert torch.equal(features, folded(encoder)(images))
    assert {p.dtype for p in folded(encoder, "bf16").parameters()} == {torch.bfloat16}
    assert {p.dtype for p in encoder.parameters()} == {torch.float32}


def test_folded__is_the_encoder_itself_where_folding_would_change_it() -> None:
    """Of DenseNet a normalisation stands before its convolution, not behind."""
    for name in ("densenet121", "vit_tiny_patch16_224"):
        encoder = build_encoder(name).eval()
        images = torch.rand(1, 3, 64, 64)
        with torch.inference_mode():
            torch.testing.assert_close(folded(encoder)(images), encoder(images), rtol=1e-3, atol=1e-4)
    assert folded(encoder) is encoder
    for_one_size = build_encoder("coatnet_0_rw_224").eval()
    assert folded(for_one_size) is for_one_size


def used(name: str) -> Encoder:
    """An encoder in training, with statistics that are not those of a new network; in float64."""
    encoder = build_encoder(name).train()
    with torch.no_grad():
        encoder(torch.rand(4, 3, 64, 64))
    return encoder.double()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "stages", "normalisation"),
    [("resnet18", 5, "kept"), ("tf_efficientnet_lite0", 2, "kept"), ("tf_efficientnet_lite0", 2, "trains")],
)
def test_folded_training__learns_what_the_encoder_itself_learns(
    name: str, stages: int, normalisation: Normalisation
) -> None:
    itself = used(name).train_stages(stages, normalisation)
    other = deepcopy(itself)
    images = torch.rand(2, 3, 64, 64, dtype=torch.float64)
    for _ in range(2):  # what is folded follows the weights
        answers = [itself(images), FoldedTraining(other)(images)]
        torch.testing.assert_close(answers[1], answers[0])
        for encoder, answer in zip((itself, other), answers, strict=True):
            answer.square().mean().backward()
            torch.optim.SGD([p for p in encoder.parameters() if p.requires_grad], 0.1).step()
    ours, theirs = other.state_dict(), itself.state_dict()
    assert list(ours) == list(theirs)
    for tensor, expected in zip(ours.values(), theirs.values(), strict=True):
        torch.testing.assert_close(tensor, expected)
    frozen = sum(not p.requires_grad for p in other.parameters())
    assert sum(p.grad is None for p in other.parameters()) == frozen


def test_folded_training__keeps_less_for_the_way_back() -> None:
    encoder = used("tf_efficientnet_lite0").train_stages(5, "kept")
    images = torch.rand(2, 3, 64, 64, dtype=torch.float64)
    assert numbers_kept(FoldedTraining(encoder), images) < 0.75 * numbers_kept(encoder, images)


def numbers_kept(model: Callable[[Tensor], Tensor], images: Tensor) -> int:
    """How many numbers of maps (n, c, h, w) autograd keeps, each once."""
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        if tensor.ndim == 4 and len(tensor) == len(images):
            kept[tensor.data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        model(images)
    return sum(tensor.numel() for tensor in kept.values())


@pytest.mark.parametrize(("name", "kind"), [("resnet18", WINOGRAD), ("tf_efficientnet_lite0", DEPTHWISE)])
def test_folded_training__goes_with_the_fast_convolutions(name: str, kind: str) -> None:
    encoder = used(name).float().train_stages(5, "kept")
    images = torch.rand(2, 3, 64, 64)
    exact = encoder(images).detach()
    take_over(encoder, [kind])
    with torch.autocast("cpu", torch.bfloat16, enabled=kind == DEPTHWISE):
        itself, features = encoder(images).detach(), FoldedTraining(encoder)(images)
        features.float().square().mean().backward()
    assert (features - exact).norm() < 1.5 * (itself - exact).norm() + 1e-4 * exact.norm(), "no coarser than it was"
    assert all(p.grad is not None and p.grad.isfinite().all() for p in encoder.parameters())


def test_folded_training__goes_on_from_stored_activations() -> None:
    encoder = used("tf_efficientnet_lite0").train_stages(2, "kept")
    encoder, images = encoder.float(), torch.rand(2, 3, 64, 64)
    given = encoder.until("layer2", images)
    features = FoldedTraining(encoder)(given.detach(), "layer2")
    torch.testing.assert_close(features, encoder(images), rtol=1e-3, atol=1e-4)
    assert features.requires_grad


def test_folded_training__is_the_encoder_itself_in_evaluation_and_where_nothing_folds() -> None:
    encoder = used("resnet18").train_stages(5, "kept")
    seen: list[nn.Module] = []
    encoder.register_forward_hook(lambda module, *_: seen.append(module))
    learning = FoldedTraining(encoder)
    images = torch.rand(2, 3, 64, 64, dtype=torch.float64)
    with torch.no_grad():
        learning(images)
    encoder.eval()
    learning(images)
    assert seen == [encoder, encoder]
    features = torch.rand(2, 5)
    assert torch.equal(FoldedTraining(nn.Identity())(features), features)
