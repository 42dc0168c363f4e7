"""The two views that SimCLR trains on."""

import torch
from torch import Tensor

from sealife_core.config import SimclrConfig, parse
from sealife_core.models.encoder_by_name import build_encoder
from sealife_core.training.inputs import network_inputs
from sealife_core.training.simclr import SimclrModule
from sealife_core.views.sampling import draw_views, generator_for


def test_two_views__are_two_draws_of_each_image_in_one_tensor() -> None:
    images: Tensor = torch.randint(0, 256, (5, 64, 64, 3), dtype=torch.uint8, generator=generator_for(0))
    aspects = torch.linspace(0.6, 1.6, 5)
    config = parse(SimclrConfig, {"data": "reef", "image_size_px": 32, "seed": 3})
    module = SimclrModule(config, build_encoder("resnet18", "small"), batch_size=5)
    both = module.two_views({"images": images, "aspects": aspects}, 7)
    generator = generator_for(3, 7)
    for half in both.chunk(2):
        one = network_inputs(images, draw_views(config.views, aspects, generator), config)
        torch.testing.assert_close(half, one, atol=1e-5, rtol=0)
    assert both.shape == (10, 3, 32, 32)
    assert both.is_contiguous(memory_format=torch.channels_last)
    assert (both[:5] - both[5:]).abs().mean() > 0.1  # two draws, not one


def test_two_views__first_made_for_an_evaluation_can_be_trained_on() -> None:
    config = parse(SimclrConfig, {"data": "reef", "image_size_px": 32})
    module = SimclrModule(config, build_encoder("resnet18", "small"), batch_size=4)
    images = torch.randint(0, 256, (4, 64, 64, 3), dtype=torch.uint8, generator=generator_for(0))
    batch = {"images": images, "aspects": torch.ones(4)}
    with torch.inference_mode():
        first = module.two_views(batch, 0)
        kept = first.clone()
    _, z = module(module.two_views(batch, 1))
    z.square().sum().backward()
    assert all(p.grad is not None for p in module.parameters())
    assert not torch.equal(first, kept)  # the room is used again
    assert len(module.two_views({"images": images[:3], "aspects": torch.ones(3)}, 2)) == 6
