"""Grad-CAM on networks whose reasons are known, because their weights were set by hand."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from sealife_core.errors import WeightsError
from sealife_core.evaluation.classification.gradcam import grad_cam, heat_png
from sealife_core.evaluation.classification.gradcam_layers import Layer, gradcam_cells, usual_layer
from sealife_core.models.encoders import Encoder
from sealife_core.models.heads import classification_head
from tests.finished.models import fresh_encoder

SIZE, PATCH = 64, 24  # cells of 8 px: a patch is three
RED, GREEN = 0, 1


def colour_encoder() -> Encoder:
    """A ResNet18 whose feature 0 is how much red there is and feature 1 how much green: every block passes both on."""
    encoder = fresh_encoder(stem="small").eval()
    with torch.no_grad():
        for name, parameter in encoder.named_parameters():
            parameter.fill_(1.0 if "bn" in name and name.endswith("weight") else 0.0)
        encoder.conv1.weight[RED, 0, 1, 1] = encoder.conv1.weight[GREEN, 1, 1, 1] = 1.0
        for stage in (encoder.layer2, encoder.layer3, encoder.layer4):
            shortcut, norm = stage[0].downsample
            shortcut.weight[RED, RED] = shortcut.weight[GREEN, GREEN] = 1.0
            norm.weight.fill_(1.0)
    return encoder


def colour_head(features: int = 512) -> nn.Module:
    """Class 0 speaks for red and against green, class 1 the other way round, class 2 against both."""
    head = classification_head(features, 3)
    with torch.no_grad():
        head.linear.weight.zero_()
        head.linear.bias.zero_()
        head.linear.weight[:, :2] = torch.tensor([[1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    return head


def picture(red_at: tuple[int, int], green_at: tuple[int, int] | None = None) -> torch.Tensor:
    pixels = torch.zeros(1, 3, SIZE, SIZE)
    for colour, at in ((RED, red_at), (GREEN, green_at)):
        if at is not None:
            pixels[0, colour, at[0] : at[0] + PATCH, at[1] : at[1] + PATCH] = 1.0
    return pixels


def mass_inside(heat: np.ndarray, at: tuple[int, int]) -> float:
    return float(heat[at[0] : at[0] + PATCH, at[1] : at[1] + PATCH].sum() / heat.sum())


@pytest.mark.parametrize("at", [(0, 0), (0, 40), (40, 0), (40, 40), (24, 24)])
def test_grad_cam__lies_on_the_patch_that_decides_and_moves_with_it(at: tuple[int, int]) -> None:
    encoder, head, pixels = colour_encoder(), colour_head(), picture(at)
    with torch.no_grad():
        assert head(encoder(pixels)).argmax() == RED
    heat = grad_cam(encoder, head, pixels, RED)
    assert heat.shape == (SIZE, SIZE)
    assert heat.dtype == np.float32
    assert mass_inside(heat, at) > 0.75, "only the interpolation between cells may reach beyond the patch"
    assert heat.max() == 1.0
    assert heat.min() == 0.0
    centre = (at[0] + PATCH // 2, at[1] + PATCH // 2)
    assert heat[centre] > 0.95


def test_grad_cam__of_each_class_lies_on_what_speaks_for_it() -> None:
    pixels = picture(red_at=(0, 0), green_at=(40, 40))
    heat = {colour: grad_cam(colour_encoder(), colour_head(), pixels, colour) for colour in (RED, GREEN)}
    assert mass_inside(heat[RED], (0, 0)) > 0.75
    assert mass_inside(heat[GREEN], (40, 40)) > 0.75
    assert mass_inside(heat[RED], (40, 40)) == 0


def test_grad_cam__is_zero_where_nothing_speaks_for_the_class() -> None:
    heat = grad_cam(colour_encoder(), colour_head(), picture((0, 0)), 2)
    np.testing.assert_array_equal(heat, np.zeros((SIZE, SIZE), np.float32))


def test_grad_cam__with_weights_that_are_not_finite_is_zero() -> None:
    head = colour_head()
    with torch.no_grad():
        head.linear.weight[RED, RED] = float("nan")
    assert not grad_cam(colour_encoder(), head, picture((0, 0)), RED).any()


@pytest.mark.parametrize(("stem", "size"), [("small", 32), ("imagenet", 96)])
def test_grad_cam__behind_a_linear_head_is_the_class_activation_map(stem: str, size: int) -> None:
    """CAM (arXiv 1512.04150), by its formula: the last maps, weighed by the class's row of the linear layer."""
    torch.manual_seed(3)
    encoder, head = fresh_encoder(stem=stem).eval(), classification_head(512, 5)
    pixels = torch.randn(1, 3, size, size)
    with torch.no_grad():
        x = encoder.maxpool(encoder.relu(encoder.bn1(encoder.conv1(pixels))))
        maps = encoder.layer4(encoder.layer3(encoder.layer2(encoder.layer1(x))))
        for class_index in range(5):
            cam = torch.einsum("k,nkhw->nhw", head.linear.weight[class_index], maps).relu()[:, None]
            cam = functional.interpolate(cam, (size, size), mode="bilinear", align_corners=False)[0, 0]
            found = grad_cam(encoder, head, pixels, class_index)
            np.testing.assert_allclose(found, (cam / cam.max().clamp(min=1e-12)).numpy(), atol=1e-4)


@pytest.mark.parametrize("mode", ["plain", "inference"])
def test_grad_cam__leaves_a_frozen_encoder_as_it_was(mode: str) -> None:
    encoder, head = colour_encoder().train_stages(0), colour_head()
    encoder.train()
    head.train()
    model = nn.ModuleDict({"encoder": encoder, "head": head})
    modes = {name: part.training for name, part in model.named_modules()}
    wanted = {name: parameter.requires_grad for name, parameter in model.named_parameters()}
    assert len(set(wanted.values())) == 2, "the encoder must be frozen and the head not"
    state = {name: value.clone() for name, value in model.state_dict().items()}
    pixels = picture((0, 0))
    with torch.inference_mode(mode == "inference"):
        heat = grad_cam(encoder, head, pixels, RED)
    assert mass_inside(heat, (0, 0)) > 0.75
    assert {name: part.training for name, part in model.named_modules()} == modes
    assert {name: parameter.requires_grad for name, parameter in model.named_parameters()} == wanted
    assert all(parameter.grad is None for parameter in model.parameters())
    assert pixels.grad is None
    assert not pixels.requires_grad
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert not any(part._forward_hooks or part._backward_hooks for part in model.modules())


def test_grad_cam__of_an_earlier_layer_is_finer() -> None:
    """Patches of one cell of layer3 (4 px): layer3 tells them from their surroundings more sharply than layer4."""
    pixels = torch.zeros(1, 3, SIZE, SIZE)
    pixels[0, RED, :PATCH, :PATCH] = 1.0
    spread = {
        layer: (grad_cam(colour_encoder(), colour_head(), pixels, RED, layer) > 0).mean()
        for layer in ("layer3", "layer4")
    }
    assert PATCH**2 / SIZE**2 < spread["layer3"] < spread["layer4"]


def test_grad_cam__refuses_what_is_no_classifier() -> None:
    with pytest.raises(WeightsError, match="no classifier"):
        grad_cam(colour_encoder(), None, picture((0, 0)), RED)


def test_grad_cam__names_the_classes_it_expects() -> None:
    with pytest.raises(ValueError, match=r"class_index is 3; expected 0 … 2"):
        grad_cam(colour_encoder(), colour_head(), picture((0, 0)), 3)


def laid_over(picture: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """What a browser shows of ``picture`` (H, W, 3) under ``heat`` (H, W)."""
    image = Image.open(io.BytesIO(heat_png(heat)))
    assert image.mode == "RGBA"
    return np.asarray(Image.alpha_composite(Image.fromarray(picture).convert("RGBA"), image))[..., :3]


def test_heat_png__covers_what_is_hot_and_leaves_what_is_cold() -> None:
    grey = np.full((8, 12, 3), 90, np.uint8)
    heat = np.zeros((8, 12), np.float32)
    heat[2:6, 8:] = 1.0
    laid = laid_over(grey, heat)
    np.testing.assert_array_equal(laid[:, :8], grey[:, :8])
    np.testing.assert_allclose(laid[4, 10], (252, 255, 164), atol=1, err_msg="the map's top colour")


def test_heat_png__rises_in_lightness_with_heat_alone() -> None:
    """Whoever sees no colours still sees where it is hotter: over one picture, luminance never falls."""
    heat = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (4, 1))
    luminance = laid_over(np.zeros((4, 64, 3), np.uint8), heat)[0].astype(float) @ (0.2126, 0.7152, 0.0722)
    assert np.all(np.diff(luminance) >= -1)
    assert luminance[-1] - luminance[0] > 200


@pytest.mark.parametrize("stem", ["small", "imagenet"])
def test_heat_cells__are_those_of_the_layer(stem: str) -> None:
    encoder, sides = fresh_encoder(stem=stem).eval(), []
    layers: list[Layer] = ["layer2", "layer3", "layer4"]
    for layer in layers:
        getattr(encoder, layer).register_forward_hook(lambda module, given, out: sides.append(out.shape[-1]))
    for size in (32, 64, 97):
        with torch.no_grad():
            encoder(torch.zeros(1, 3, size, size))
        assert sides[-3:] == [gradcam_cells("resnet18", stem, size, layer) for layer in layers]


@pytest.mark.parametrize(
    ("stem", "size", "expected"),
    [
        ("imagenet", 224, "layer4"),
        ("imagenet", 64, "layer3"),
        ("imagenet", 32, "layer2"),
        ("imagenet", 16, "layer2"),
        ("small", 32, "layer4"),
    ],
)
def test_usual_layer__is_the_deepest_that_still_points_somewhere(stem: str, size: int, expected: str) -> None:
    assert usual_layer("resnet18", stem, size) == expected
