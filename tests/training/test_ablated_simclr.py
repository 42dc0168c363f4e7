"""What each part that is broken on purpose does to training: without the effect, these fail."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from safetensors.numpy import load_file

from sealife_core.config import parse
from sealife_core.config.simclr import SimclrConfig
from sealife_core.datasets.dataset import Dataset
from sealife_core.evaluation.contrast.ablation_effects import weights_moved
from sealife_core.evaluation.contrast.similarities import gradient_shares, similarity_matrix
from sealife_core.models.checkpoint import load_card
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.models.losses import contrastive_accuracy, nt_xent
from sealife_core.runs.run import MODEL, Run
from sealife_core.studies.ablation_pairs import planned
from sealife_core.training.ablated_simclr import IdenticalViews, NotNormalised, pretraining_rows, simclr_module
from sealife_core.training.simclr import SimclrModule
from sealife_core.views.sampling import generator_for
from tests.finished.models import NETWORK


def module_of(broken: str) -> SimclrModule:
    config = parse(SimclrConfig, {"data": "reef", "image_size_px": 32, "encoder": NETWORK, "broken": broken})
    torch.manual_seed(0)
    return simclr_module(config)(config, build_encoder(NETWORK), batch_size=8)


def pairs(module: SimclrModule) -> tuple[torch.Tensor, torch.Tensor]:
    """Projections of both views of eight images of noise, of an untrained network."""
    images = torch.randint(0, 256, (8, 64, 64, 3), dtype=torch.uint8, generator=generator_for(0))
    with torch.no_grad():
        z0, z1 = module(module.two_views({"images": images, "aspects": torch.ones(8)}, 1))[1].chunk(2)
    return z0, z1


def planned_modules(key: str, dataset: Dataset) -> tuple[SimclrModule, SimclrModule]:
    """The modules that train the intact and the broken run of a switch, with a small network."""
    plan, found = planned(key, dataset), []
    for config in (plan.intact, plan.broken):
        assert isinstance(config, SimclrConfig)
        small = config.model_copy(update={"encoder": NETWORK})
        found.append(simclr_module(small)(small, build_encoder(NETWORK), batch_size=8))
    return found[0], found[1]


def views_of(module: SimclrModule, images: torch.Tensor) -> torch.Tensor:
    """(2, n, 3, H, W): both views of each of ``images`` (n, H, W, 3) in [0, 255]."""
    batch = {"images": images.to(torch.uint8), "aspects": torch.ones(len(images))}
    return module.two_views(batch, 1).clone().unflatten(0, (2, -1))


@pytest.mark.parametrize("key", ["no-jitter", "crops-only"])
def test_no_jitter__leaves_both_views_the_colour_of_their_picture(tiny_reef: Dataset, key: str) -> None:
    plain = torch.randint(0, 256, (8, 1, 1, 3), generator=generator_for(0)).expand(8, 64, 64, 3)
    intact, broken = (views_of(module, plain).mean((3, 4)) for module in planned_modules(key, tiny_reef))
    torch.testing.assert_close(broken[0], broken[1])
    assert (intact[0] - intact[1]).abs().amax(1).min() > 0.05, "each pair has two colours"


def test_crops_only__mirrors_and_blurs_nothing(tiny_reef: Dataset) -> None:
    brighter_to_the_right = torch.arange(0, 256, 4).expand(8, 64, 64).unsqueeze(-1).expand(8, 64, 64, 3)
    intact, broken = planned_modules("crops-only", tiny_reef)
    assert broken.config.views.blur == 0
    slopes = [views_of(module, brighter_to_the_right).mean((2, 3)).diff().mean(2) for module in (intact, broken)]
    assert slopes[0].min() < 0 < slopes[0].max()
    assert slopes[1].min() > 0


def test_crops_only__leaves_out_the_blur_where_the_intact_run_blurs(tiny_reef: Dataset) -> None:
    photographs = replace(tiny_reef, name="photographs")  # the views of drawn animals are never blurred
    drawn = [
        module.draw_pair(torch.ones(32), generator_for(0), (0, 1))[0].blur_sigma.max()
        for module in planned_modules("crops-only", photographs)
    ]
    assert drawn[0] > 0 == drawn[1]


def test_no_head__lets_the_loss_compare_the_features(tiny_reef: Dataset) -> None:
    views = torch.randn(2, 3, 32, 32, generator=generator_for(0))
    intact, broken = (module.eval()(views) for module in planned_modules("no-head", tiny_reef))
    torch.testing.assert_close(broken[0], broken[1])
    assert intact[0].shape != intact[1].shape


@pytest.mark.parametrize(("key", "low", "high"), [("temperature-0.01", 0.8, 1), ("temperature-10", 1 / 30, 1.1 / 30)])
def test_temperature__decides_how_much_of_the_gradient_the_nearest_negative_has(
    tiny_reef: Dataset, key: str, low: float, high: float
) -> None:
    z0, z1 = torch.randn(2, 16, 8, generator=generator_for(0))
    shares, losses = [], []
    for module in planned_modules(key, tiny_reef):
        similarities = similarity_matrix(torch.cat([z0, z1]))
        shares.append(float(gradient_shares(similarities, module.config.temperature).max(1).values.mean()))
        losses.append((module.loss(z0, z1), nt_xent(z0, z1, module.config.temperature)))
    assert low <= shares[1] <= high
    assert not low <= shares[0] <= high
    for found, expected in losses:
        torch.testing.assert_close(found, expected)


def test_identical_views__are_found_before_anything_is_learned() -> None:
    z0, z1 = pairs(module_of("identical-views"))
    torch.testing.assert_close(z0, z1)
    assert contrastive_accuracy(z0, z1) == 1
    usual = pairs(module_of(""))
    assert contrastive_accuracy(*usual) < 1
    assert not torch.allclose(*usual)


def test_no_normalisation__lets_the_length_of_z_change_the_loss() -> None:
    torch.manual_seed(0)
    z0, z1 = torch.randn(2, 8, 4)
    usual, broken = module_of(""), module_of("no-normalisation")
    torch.testing.assert_close(usual.loss(z0, z1), usual.loss(3 * z0, 3 * z1))
    assert (broken.loss(z0, z1) - broken.loss(3 * z0, 3 * z1)).abs() > 0.1
    units = [torch.nn.functional.normalize(z, dim=1) for z in (z0, z1)]
    torch.testing.assert_close(broken.loss(*units), nt_xent(z0, z1, broken.config.temperature))


@pytest.mark.parametrize(("broken", "found"), [("", 1.0), ("no-normalisation", 1 / 3)])
def test_accuracy__counts_the_pairs_that_the_loss_of_the_run_finds(
    monkeypatch: pytest.MonkeyPatch, broken: str, found: float
) -> None:
    z = torch.tensor([[1.0, 0.0], [0.0, 1.0], [3.0, 3.0]])  # the third is the longest: all dot products lead there
    module, logged = module_of(broken), {}
    monkeypatch.setattr(module, "log", lambda name, value: logged.update({name: value.item()}))
    monkeypatch.setattr(module, "two_views", lambda *given, **named: None)
    monkeypatch.setattr(module, "forward", lambda views: (None, torch.cat([z, z])))
    module.training_step({}, 0)
    assert logged["train/contrastive_accuracy"] == pytest.approx(found)


def test_validation_in_training__trains_on_validation_images_and_never_on_test_images(tiny_reef: Dataset) -> None:
    rows = [set(pretraining_rows(module_of(b).config, tiny_reef)) for b in ("", "validation-in-training")]
    train, val = (set(tiny_reef.rows(split)) for split in ("train", "val"))
    assert val
    assert rows == [train, train | val]


def test_training__does_as_the_switch_of_its_run_says(trained: Callable[..., Run], tiny_reef: Dataset) -> None:
    identical = trained("simclr", batch_size=16, epochs=1, monitor_every=0, broken="identical-views")
    shares = [row["train/contrastive_accuracy"] for row in identical.metrics() if "train/contrastive_accuracy" in row]
    assert set(shares) == {1.0}
    more = trained("simclr", batch_size=512, epochs=1, monitor_every=0, broken="validation-in-training")
    assert more.environment()["batch_size"] == sum(len(tiny_reef.rows(split)) for split in ("train", "val"))


def test_module__of_any_other_switch_is_the_usual_one() -> None:
    classes = {b: type(module_of(b)) for b in ("", "no-head", "batch-8", "identical-views", "no-normalisation")}
    assert list(classes.values()) == [SimclrModule, SimclrModule, SimclrModule, IdenticalViews, NotNormalised]


def test_unfrozen_probe__moves_the_encoder_and_says_so_in_its_card(
    trained: Callable[..., Run], pretrained: Run, tiny_reef: Dataset
) -> None:
    config: Any = planned("unfrozen-probe", tiny_reef).broken
    chosen = {name: getattr(config, name) for name in ("trained_stages", "augmentation", "optimiser", "broken")}
    run = trained("finetune", weights=f"run:{pretrained.id}", epochs=1, stem="auto", **chosen)
    moved = weights_moved(*(load_file(folder / MODEL) for folder in (pretrained.path, run.path)))
    assert moved > 0
    assert load_card(run.path).broken == "encoder not frozen"
    assert load_card(pretrained.path).broken == ""
