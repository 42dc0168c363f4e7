import copy

import pytest
import torch
from pytorch_lightning import LightningModule, Trainer
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader
from torchvision.models import get_model

from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.encoders import Encoder
from sealife_core.models.facts import RESNETS, STAGE_NAMES, resolve_stem
from sealife_core.models.known import facts
from tests.finished.models import fresh_encoder


def snapshot(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def moved(encoder: Encoder, before: dict[str, Tensor]) -> set[str]:
    """The stages with a parameter or buffer that differs from ``before``."""
    stem = {"conv1": "stem", "bn1": "stem"}
    changed = {
        name.split(".")[0] for name, value in encoder.state_dict().items() if not torch.equal(value, before[name])
    }
    return {stem.get(name, name) for name in changed}


@pytest.mark.parametrize("name", RESNETS)
def test_encoder__is_torchvisions_network_without_its_classifier(name: str):
    net = get_model(name, weights=None)
    encoder = build_encoder(name)
    encoder.load_state_dict({k: v for k, v in net.state_dict().items() if not k.startswith("fc.")})
    net.fc = nn.Identity()
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        # In fp32 our convolutions add in another order, layer after layer; in fp64 they are PyTorch's own.
        torch.testing.assert_close(encoder.eval()(images), net.eval()(images), rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(encoder.double()(images.double()), net.double()(images.double()))


@pytest.mark.parametrize("name", RESNETS)
@pytest.mark.parametrize("stem", ["imagenet", "small"])
def test_encoder__turns_images_into_features(name: str, stem: str):
    encoder = build_encoder(name, stem).eval()
    features = encoder(torch.rand(2, 3, 32, 32))
    assert features.shape == (2, encoder.feature_dim) == (2, facts(name).feature_dim)
    assert features.isfinite().all()


def test_small_stem__keeps_the_size_that_the_imagenet_stem_quarters():
    images = torch.rand(1, 3, 32, 32)
    sizes = {stem: fresh_encoder(stem=stem).stages[0][1](images).shape for stem in ("small", "imagenet")}
    assert sizes == {"small": (1, 64, 32, 32), "imagenet": (1, 64, 8, 8)}


@pytest.mark.parametrize("stem", ["imagenet", "small"])
def test_stages__hold_every_parameter_and_buffer_once_and_in_order(stem: str):
    encoder = fresh_encoder(stem=stem)
    assert tuple(name for name, _ in encoder.stages) == STAGE_NAMES == ("stem", "layer1", "layer2", "layer3", "layer4")
    tensors = [t for _, stage in encoder.stages for t in [*stage.parameters(), *stage.buffers()]]
    assert {id(t) for t in tensors} == {id(t) for t in [*encoder.parameters(), *encoder.buffers()]}
    assert len({id(t) for t in tensors}) == len(tensors)

    x = images = torch.rand(2, 3, 32, 32)
    encoder.eval()
    for _, stage in encoder.stages:
        x = stage(x)
    torch.testing.assert_close(x.mean((2, 3)), encoder(images))


@pytest.mark.parametrize(("asked", "what"), [(("resnet19",), "resnet19"), (("resnet18", "auto"), "auto")])
def test_build_encoder__names_what_there_is_not(asked: tuple[str, ...], what: str):
    with pytest.raises(ValueError, match=what):
        build_encoder(*asked)


@pytest.mark.parametrize("deepest", range(6))
def test_train_stages__freezes_all_but_the_deepest(deepest: int):
    encoder = fresh_encoder().train_stages(deepest).eval().train()
    for position, (_, stage) in enumerate(encoder.stages):
        learns = position >= 5 - deepest
        assert all(p.requires_grad is learns for p in stage.parameters())
        assert all(m.training is learns for m in stage.modules() if isinstance(m, nn.BatchNorm2d))


def test_train_stages__can_be_undone_and_keeps_evaluation_mode():
    encoder = fresh_encoder().train_stages(0).train_stages(5)
    assert all(m.training for m in encoder.modules())
    assert all(p.requires_grad for p in encoder.parameters())
    assert not any(m.training for m in encoder.eval().train_stages(2).modules())


@pytest.mark.parametrize("deepest", [-1, 6])
def test_train_stages__refuses_stages_there_are_not(deepest: int):
    with pytest.raises(ValueError, match="0 to 5"):
        fresh_encoder().train_stages(deepest)


@pytest.mark.parametrize("deepest", range(6))
def test_frozen_stages__do_not_move_in_training(deepest: int):
    encoder = fresh_encoder(stem="small").train_stages(deepest)
    module = nn.ModuleDict({"encoder": encoder, "head": nn.Linear(encoder.feature_dim, 3)})
    before, head_before = snapshot(encoder), snapshot(module["head"])
    # Weight decay over all parameters: it, too, must not reach what is frozen.
    optimiser = torch.optim.AdamW(module.parameters(), lr=1e-2, weight_decay=0.1)
    for _ in range(2):
        module.train()
        loss = functional.cross_entropy(module["head"](encoder(torch.rand(4, 3, 16, 16))), torch.tensor([0, 1, 2, 0]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert moved(encoder, before) == set(STAGE_NAMES[5 - deepest :])
    assert not torch.equal(module["head"].weight, head_before["weight"])


@pytest.mark.parametrize("name", ["resnet18", "tf_efficientnet_lite0", "test_convnext"])
def test_normalisation__alone_trains_nothing_else_and_kept_leaves_its_statistics(name: str):
    encoder = build_encoder(name).train_stages(2, "alone").train()
    before = snapshot(encoder)
    encoder(torch.rand(4, 3, 32, 32)).square().mean().backward()
    torch.optim.SGD(encoder.parameters(), lr=1e6, weight_decay=0.1).step()
    changed = [key for key, value in encoder.state_dict().items() if not torch.equal(value, before[key])]
    normalising = {key for key, part in encoder.named_modules() if "norm" in type(part).__name__.lower()}
    assert changed
    assert {key.rpartition(".")[0] for key in changed} <= normalising
    assert {
        place for place, (_, stage) in enumerate(encoder.stages) if any(p.requires_grad for p in stage.parameters())
    } == {3, 4}

    encoder, before = encoder.train_stages(5, "kept").train(), snapshot(encoder)
    encoder(torch.rand(4, 3, 32, 32)).square().mean().backward()
    torch.optim.SGD(encoder.parameters(), lr=1.0).step()
    changed = [key for key, value in encoder.state_dict().items() if not torch.equal(value, before[key])]
    assert changed
    assert not [key for key in changed if "running" in key or "batches_tracked" in key]
    assert all(parameter.requires_grad for parameter in encoder.parameters())


class _Probe(LightningModule):
    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder, self.head = encoder, nn.Linear(encoder.feature_dim, 2)

    def training_step(self, batch: Tensor, batch_index: int) -> Tensor:
        return functional.cross_entropy(self.head(self.encoder(batch)), torch.tensor([0, 1, 0, 1]))

    def validation_step(self, batch: Tensor, batch_index: int) -> None:
        self.encoder(batch)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


# That frozen stages stand in eval mode is what is meant.
@pytest.mark.filterwarnings("ignore:Found .* module.s. in eval mode")
@pytest.mark.filterwarnings("ignore:The '.*_dataloader' does not have many workers")
def test_frozen_encoder__does_not_move_under_lightning():
    module = _Probe(fresh_encoder(stem="small").train_stages(0))
    before, head_before = snapshot(module.encoder), snapshot(module.head)
    batches = DataLoader(torch.rand(4, 4, 3, 16, 16), batch_size=None)  # type: ignore[arg-type]
    trainer = Trainer(barebones=True, max_epochs=2, accelerator="cpu")
    trainer.fit(module, batches, batches)
    assert trainer.global_step == 8
    assert moved(module.encoder, before) == set()
    assert not torch.equal(module.head.weight, head_before["weight"])


def test_requires_grad_alone__would_let_statistics_drift():
    """The mistake that ``train_stages`` prevents: were it harmless, the tests above could not fail."""
    encoder = fresh_encoder(stem="small").requires_grad_(False)
    before = snapshot(encoder)
    encoder.train()(torch.rand(4, 3, 16, 16))
    assert moved(encoder, before) == set(STAGE_NAMES)


def test_frozen_encoder__stays_frozen_as_a_copy():
    encoder = copy.deepcopy(fresh_encoder().train_stages(1)).train()
    assert [stage.training for _, stage in encoder.stages[1:]] == [False, False, False, True]


@pytest.mark.parametrize(
    ("stem", "weights", "image_size_px", "expected"),
    [
        ("auto", "random", 32, "small"),
        ("auto", "random", 40, "small"),
        ("auto", "random", 41, "imagenet"),
        ("auto", "imagenet", 32, "imagenet"),
        ("auto", "file:x.pt", 32, "imagenet"),
        ("small", "random", 224, "small"),
        ("imagenet", "random", 16, "imagenet"),
        ("small", "imagenet", 64, "small"),
    ],
)
def test_resolve_stem__follows_size_and_weights(stem: str, weights: str, image_size_px: int, expected: str):
    assert resolve_stem(stem, weights, image_size_px, "resnet18") == expected
